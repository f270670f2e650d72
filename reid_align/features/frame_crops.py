"""Crops of a frame: boxes of a detector to images, clipped to the frame."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.features.image_batches import FailedImage
from reid_align.features.image_inputs import ChannelOrder, NamedImage, image_pixels
from reid_align.images import decode_image
from reid_align.images.box_crop import Box, box_problem, crop_box


@runtime_checkable
class HasBoxes(Protocol):
    """Detections with their boxes in ``xyxy``, as in supervision and ultralytics."""

    xyxy: NDArray[np.float32]


Frame: TypeAlias = NDArray[np.uint8] | Image.Image | Tensor | str | os.PathLike[str]
Boxes: TypeAlias = NDArray[np.generic] | Tensor | Sequence[Sequence[float]] | HasBoxes


@dataclass(frozen=True)
class FailedBox(FailedImage):
    """A box without features.

    Attributes:
        path: ``box[i]``.
        error: the reason.
        index: i.
    """

    index: int


def box_name(index: int) -> str:
    """Return the name of a box: ``box[i]``."""
    return f"box[{index}]"


def frame_crops(
    frame: Frame, boxes: Boxes, channel_order: ChannelOrder | None
) -> list[NamedImage | FailedBox]:
    """Cut boxes out of a frame.

    Args:
        frame: (H, W, 3) uint8, a file, a PIL image, or a tensor (3, H, W).
        boxes: (N, 4) or an object with ``xyxy``.
        channel_order: of an array.

    Returns:
        N crops in the order of the boxes, or the reason why a box has none.

    Raises:
        InvalidInputError: invalid frame or boxes, or an array without a channel order.
        ImageReadError: the file cannot be read.
    """
    corners = box_corners(boxes)
    reverse = isinstance(frame, np.ndarray) and channel_order == "bgr"
    if isinstance(frame, str | os.PathLike):
        pixels = decode_image(os.fspath(frame))
    else:
        # Pixels are reordered crop by crop, which is faster than the whole frame.
        pixels = image_pixels(frame, "rgb" if reverse else channel_order, "frame", copy=False)
    height, width = pixels.shape[:2]
    crops: list[NamedImage | FailedBox] = []
    for index, values in enumerate(corners.tolist()):
        box = Box(*values)
        if problem := box_problem(box, width, height):
            crops.append(FailedBox(box_name(index), problem, index))
            continue
        crop = crop_box(pixels, box)[..., :: -1 if reverse else 1]
        # Copied immediately: the caller may reuse the frame's buffer.
        crops.append(NamedImage(box_name(index), crop.copy()))
    return crops


def box_corners(boxes: Boxes) -> NDArray[np.float64]:
    """Return boxes as (N, 4) float64: left, top, right, bottom.

    Raises:
        InvalidInputError: another shape, or values that are not numbers.
    """
    values = getattr(boxes, "xyxy", boxes)
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    try:
        corners = np.asarray(values)
    except ValueError as error:
        raise InvalidInputError(f"boxes are not a table of numbers ({error}).") from error
    if corners.size == 0 and corners.ndim in (1, 2) and corners.shape[-1] in (0, 4):
        return np.empty((0, 4))
    if corners.ndim != 2 or corners.shape[1] != 4 or corners.dtype.kind not in "iuf":
        raise InvalidInputError(
            f"boxes of type {type(boxes).__name__} have shape {corners.shape} and dtype "
            f"{corners.dtype}. Give numbers of shape (N, 4): left, top, right, bottom in pixels."
        )
    return corners.astype(np.float64)
