"""Crops of an image: clipping of a box, and the reason why a box has no pixels."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Box(NamedTuple):
    """Left, top, right and bottom edge in pixels."""

    left: float
    top: float
    right: float
    bottom: float


def box_problem(box: Box, width: int, height: int) -> str:
    """Return why a box has no pixels in an image of this size, or ""."""
    shown = f"({', '.join(f'{value:g}' for value in box)})"
    if not all(map(math.isfinite, box)):
        return f"the box {shown} is not finite"
    if box.left >= box.right or box.top >= box.bottom:
        return f"the box {shown} is empty: left must be below right, and top below bottom"
    if box.left >= width or box.top >= height or box.right <= 0 or box.bottom <= 0:
        return f"the box {shown} is outside the frame of {width} x {height} pixels"
    return ""


def crop_box(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Return the part of an image (H, W, C) in a box without `box_problem`; shares its memory.

    The box is clipped to the image and extended to whole pixels.
    """
    height, width = pixels.shape[:2]
    left, top = math.floor(max(box.left, 0)), math.floor(max(box.top, 0))
    right, bottom = math.ceil(min(box.right, width)), math.ceil(min(box.bottom, height))
    return pixels[top:bottom, left:right]
