"""A few consecutive pictures at a time: decoded, and as features."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import ImageReadError
from reid_align.features.pictures import Picture
from reid_align.preprocess import Preprocess


@dataclass(frozen=True)
class FailedImage:
    """A picture that has no features, and why."""

    path: str
    error: str


@dataclass(frozen=True)
class PictureBatch:
    """A few consecutive pictures, decoded.

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
    """A few consecutive pictures.

    Attributes:
        paths: the names of those that have features, in order.
        values: their features (n, D) float32.
        failed: those that have none.
    """

    paths: tuple[str, ...]
    values: NDArray[np.float32]
    failed: tuple[FailedImage, ...]


def read_batch(group: list[Picture], preprocess: Preprocess, *, skip_errors: bool) -> PictureBatch:
    """Decode and resize pictures.

    Raises:
        ImageReadError: a picture cannot be read, and ``skip_errors`` is False.
    """
    pixels = np.empty((len(group), preprocess.height, preprocess.width, 3), np.uint8)
    paths: list[str] = []
    failed: list[FailedImage] = []
    for picture in group:
        try:
            pixels[len(paths)] = preprocess.resize(picture.decode())
            paths.append(picture.name)
        except ImageReadError as error:
            if not skip_errors:
                raise
            failed.append(FailedImage(picture.name, error.reason))
    return PictureBatch(tuple(paths), pixels[: len(paths)], tuple(failed))


def grouped(pictures: Iterable[Picture], size: int) -> Iterator[list[Picture]]:
    """Yield so many consecutive pictures at a time; the last ones may be fewer."""
    rest = iter(pictures)
    while group := list(islice(rest, size)):
        yield group
