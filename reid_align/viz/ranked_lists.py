"""Ranked lists to show: a query image with the images that a search found for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_align.errors import ImageReadError
from reid_align.images import decode_image

Decode = Callable[[str], NDArray[np.uint8]]
_MISSING_COLOR = (214, 217, 222)


@dataclass(frozen=True)
class RankedImage:
    """An image of a ranked list.

    Attributes:
        file: path that opens the image; an image that cannot be read is shown as a gray area.
        name: name to show, such as the path.
        caption: one line below the image, such as its distance.
        camera: camera, if known.
        identity: identity, if known.
        right: whether it shows the query's identity; None if unknown, and for queries.
    """

    file: str
    name: str
    caption: str = ""
    camera: str | None = None
    identity: str | None = None
    right: bool | None = None


@dataclass(frozen=True)
class RankedList:
    """A query and its hits, nearest first.

    Attributes:
        query: the query image.
        hits: the images found for it.
        score: quality of the list in [0, 1]; None if unknown.
    """

    query: RankedImage
    hits: tuple[RankedImage, ...]
    score: float | None = None


def has_truth(lists: Sequence[RankedList]) -> bool:
    """Return whether right and wrong hits are known for at least one list."""
    return any(hit.right is not None for ranked in lists for hit in ranked.hits)


def reciprocal_rank(hits: Sequence[RankedImage]) -> float | None:
    """Return 1 / rank of the first right hit, 0 without one, None if it is unknown."""
    if all(hit.right is None for hit in hits):
        return None
    return next((1 / rank for rank, hit in enumerate(hits, 1) if hit.right), 0.0)


def worst_first(lists: Sequence[RankedList]) -> list[RankedList]:
    """Sort lists by ascending score; lists without a score come last, in their order."""
    return sorted(lists, key=lambda ranked: 2.0 if ranked.score is None else ranked.score)


def thumbnail(file: str, height: int, decode: Decode = decode_image) -> tuple[Image.Image, bool]:
    """Return an RGB image of this height, and whether the file could be read.

    Wide images are limited to twice their height.
    """
    try:
        image = Image.fromarray(decode(file)) if file else None
    except ImageReadError:
        image = None
    if image is None:
        return Image.new("RGB", (max(1, height // 2), height), _MISSING_COLOR), False
    width = max(1, min(round(image.width * height / image.height), 2 * height))
    return image.resize((width, height)), True
