"""A few consecutive images at a time: decoded, and as features."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import ImageReadError
from reid_align.features.images import NamedImage
from reid_align.preprocess import Preprocess


@dataclass(frozen=True)
class FailedImage:
    """A image that has no features, and why."""

    path: str
    error: str


@dataclass(frozen=True)
class ImageBatch:
    """A few consecutive images, decoded.

    Attributes:
        paths: the names of those that could be read, in order.
        pixels: (n, height, width, 3) uint8 RGB, theirs.
        failed: those that could not.
    """

    paths: tuple[str, ...]
    pixels: NDArray[np.uint8]
    failed: tuple[FailedImage, ...]


@dataclass(frozen=True)
class FeatureBatch:
    """A few consecutive images.

    Attributes:
        paths: the names of those that have features, in order.
        values: their features (n, D) float32.
        failed: those that have none.
    """

    paths: tuple[str, ...]
    values: NDArray[np.float32]
    failed: tuple[FailedImage, ...]


def read_batch(group: list[NamedImage], preprocess: Preprocess, *, skip_errors: bool) -> ImageBatch:
    """Decode and resize images.

    Raises:
        ImageReadError: a image cannot be read, and ``skip_errors`` is False.
    """
    pixels = np.empty((len(group), preprocess.height, preprocess.width, 3), np.uint8)
    paths: list[str] = []
    failed: list[FailedImage] = []
    for image in group:
        try:
            pixels[len(paths)] = preprocess.resize(image.decode())
            paths.append(image.name)
        except ImageReadError as error:
            if not skip_errors:
                raise
            failed.append(FailedImage(image.name, error.reason))
    return ImageBatch(tuple(paths), pixels[: len(paths)], tuple(failed))


def grouped(images: Iterable[NamedImage], size: int) -> Iterator[list[NamedImage]]:
    """Yield so many consecutive images at a time; the last ones may be fewer."""
    rest = iter(images)
    while group := list(islice(rest, size)):
        yield group
