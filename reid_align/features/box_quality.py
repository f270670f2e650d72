"""Quality of the boxes in a frame: how much of a person each box shows."""

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features.frame_crops import Boxes, box_corners

# A crop of this height in pixels has all the detail that the encoders use; smaller ones have less.
_FULL_HEIGHT = 128.0


def box_quality(
    boxes: Boxes,
    frame_size: tuple[int, int],
    confidence: NDArray[np.floating] | None = None,
) -> NDArray[np.float64]:
    """Return the quality of each box, to weight its features in the mean of a track.

    The quality is a product: the confidence of the detector; the share of the box inside the
    frame; the share that no nearer box covers, where the box with the lower bottom edge counts as
    nearer; and the height in pixels divided by 128, at most 1. It is 0 for a box that is empty,
    not finite or outside the frame.

    Args:
        boxes: (N, 4) or an object with ``xyxy``, see `FeatureExtractor.crops`. An attribute
            ``confidence`` is used if no confidence is given.
        frame_size: height and width of the frame in pixels.
        confidence: (N,) in [0, 1]; None is 1 for each box.

    Returns:
        (N,) float64 in [0, 1].

    Raises:
        InvalidInputError: invalid boxes, or not one confidence in [0, 1] for each box.
    """
    corners = box_corners(boxes)
    height, width = frame_size
    if confidence is None:
        confidence = getattr(boxes, "confidence", None)
    scores = np.ones(len(corners)) if confidence is None else np.asarray(confidence, np.float64)
    if scores.shape != (len(corners),) or not ((scores >= 0) & (scores <= 1)).all():
        raise InvalidInputError(
            f"confidence has shape {scores.shape} for {len(corners)} boxes. Give one number from 0 "
            "to 1 for each box."
        )
    usable = np.asarray(np.isfinite(corners).all(axis=1))
    corners = np.where(usable[:, None], corners, 0)
    usable &= (corners[:, 0] < corners[:, 2]) & (corners[:, 1] < corners[:, 3])
    clipped = corners.clip(0, np.array([width, height, width, height], np.float64))
    area, inside = _area(corners), _area(clipped)
    shown = np.divide(inside, area, out=np.zeros_like(area), where=usable & (area > 0))
    detail = np.minimum(1, (clipped[:, 3] - clipped[:, 1]) / _FULL_HEIGHT)
    return np.asarray(scores * shown * (1 - _covered(corners, area, usable)) * detail)


def _covered(
    corners: NDArray[np.float64], area: NDArray[np.float64], usable: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the largest share (N,) of each box that one nearer box covers."""
    if not len(corners):
        return np.zeros(0)
    low = np.maximum(corners[:, None, :2], corners[None, :, :2])
    high = np.minimum(corners[:, None, 2:], corners[None, :, 2:])
    overlap = np.prod(np.maximum(high - low, 0), axis=2)
    nearer = (corners[None, :, 3] > corners[:, None, 3]) & usable
    shares = np.divide(overlap, area[:, None], out=np.zeros_like(overlap), where=usable[:, None])
    return np.asarray((shares * nearer).max(1).clip(0, 1))


def _area(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.prod(np.maximum(corners[:, 2:] - corners[:, :2], 0), axis=1))
