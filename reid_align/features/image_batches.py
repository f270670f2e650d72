"""Decoding of images in batches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import ImageReadError
from reid_align.features.image_inputs import IMAGE_ERRORS, NamedImage
from reid_align.preprocess import Preprocess


@dataclass(frozen=True)
class FailedImage:
    """An image without features, and the reason."""

    path: str
    error: str


@dataclass(frozen=True)
class DecodedBatch:
    """Consecutive images, decoded and resized.

    Attributes:
        paths: names of the n readable images, in order.
        pixels: (n, height, width, 3) uint8 RGB.
        failed: the unreadable images.
    """

    paths: tuple[str, ...]
    pixels: NDArray[np.uint8]
    failed: tuple[FailedImage, ...]


def read_batch(
    group: list[NamedImage], preprocess: Preprocess, *, skip_errors: bool
) -> DecodedBatch:
    """Decode and resize images.

    Raises:
        ImageReadError: an image cannot be read, and ``skip_errors`` is False.
        InvalidInputError: an image in memory cannot be used, and ``skip_errors`` is False.
    """
    pixels = np.empty((len(group), preprocess.height, preprocess.width, 3), np.uint8)
    paths: list[str] = []
    failed: list[FailedImage] = []
    for image in group:
        try:
            pixels[len(paths)] = _resized(image, preprocess)
            paths.append(image.name)
        except IMAGE_ERRORS as error:
            if not skip_errors:
                raise
            reason = error.reason if isinstance(error, ImageReadError) else str(error)
            failed.append(FailedImage(image.name, reason))
    return DecodedBatch(tuple(paths), pixels[: len(paths)], tuple(failed))


def _resized(image: NamedImage, preprocess: Preprocess) -> NDArray[np.uint8]:
    pixels = image.decode()
    try:
        return preprocess.resize(pixels)
    except (MemoryError, ValueError, OSError) as error:
        size = f"{pixels.shape[1]} x {pixels.shape[0]}"
        raise ImageReadError(
            image.name, f"{size} pixels cannot be resized ({error or 'out of memory'})"
        ) from error


def grouped(images: Iterable[NamedImage], size: int) -> Iterator[list[NamedImage]]:
    """Yield consecutive groups of ``size`` images; the last one may be smaller."""
    rest = iter(images)
    while group := list(islice(rest, size)):
        yield group
