"""Names of boxes in frames, and reading of such boxes as images.

``seq/img1/000017.jpg#xywh=120,40,64,128`` is the part of a frame with these left and top edges,
width and height in pixels, as in a media fragment (W3C, Media Fragments URI 1.0).
"""

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import ImageReadError
from reid_align.images import decode_image
from reid_align.images.box_crop import Box, box_problem, crop_box

_BOX = re.compile(r"(?s)(.+)#xywh=(-?[\d.]+),(-?[\d.]+),([\d.]+),([\d.]+)")

# The boxes of a frame are read one after another, by a few threads.
_frame = lru_cache(maxsize=4)(decode_image)


def frame_box_name(frame: str, box: Box) -> str:
    """Return the name of a box in the file of a frame."""
    values = (box.left, box.top, box.right - box.left, box.bottom - box.top)
    return f"{frame}#xywh={','.join(f'{value:.10g}' for value in values)}"


def split_box_name(name: str) -> tuple[str, Box] | None:
    """Return the file and the box of a name; None if it is no name of a box."""
    match = _BOX.fullmatch(name)
    if match is None:
        return None
    left, top, width, height = map(float, match.groups()[1:])
    return match[1], Box(left, top, left + width, top + height)


def read_frame_box(frame: str, box: Box) -> NDArray[np.uint8]:
    """Return a box of a frame as (H, W, 3) uint8 RGB, clipped to the frame.

    Raises:
        ImageReadError: the frame cannot be read, or the box has no pixels in it.
    """
    pixels = _frame(frame)
    if problem := box_problem(box, pixels.shape[1], pixels.shape[0]):
        raise ImageReadError(frame, problem)
    return crop_box(pixels, box).copy()
