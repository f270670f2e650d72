"""Charts of the skirt (those of the legs) and of long hair (those of the head)."""

import numpy as np
from numpy.typing import NDArray

from reid_align.synth.body.part_charts import CHARTS, to_uv

Array = NDArray[np.float64]


def skirt_charts(
    corners: Array, levels: tuple[float, float, float]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return parts (F,) and U, V (F, 3, 2) of skirt triangles.

    Each leg chart covers a quarter of the skirt.

    Args:
        corners: (F, 3, 3) triangles at rest.
        levels: heights of the hip, the knee and the ankle in meters.
    """
    centers = corners.mean(1)
    hip, knee, ankle = levels
    angle = np.arctan2(np.abs(corners[..., 0]), -corners[..., 1])
    front = centers[:, 1] < 0
    upper = centers[:, 2] > knee
    parts = np.zeros(len(corners), np.uint8)
    uv = np.zeros((*corners.shape[:2], 2), np.float32)
    for chart in CHARTS:
        if "leg" not in chart.region:
            continue
        chosen = (front == (chart.face == "front")) & (upper == (chart.region == "upper_leg"))
        top, low = (hip, knee) if chart.region == "upper_leg" else (knee, ankle)
        along = (top - corners[chosen][..., 2]) / (top - low)
        turn = angle[chosen] if chart.face == "front" else np.pi - angle[chosen]
        parts[chosen] = np.where(centers[chosen, 0] < 0, chart.right, chart.left)
        uv[chosen] = to_uv(chart, along.clip(0, 1), (turn / (np.pi / 2)).clip(0, 1))
    return parts, uv


def hair_charts(
    corners: Array, crown: float, neck: float
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return parts (F,) and U, V (F, 3, 2) of hair triangles (F, 3, 3).

    Hair below the ``neck`` has the color of the hair at the neck.
    """
    head = next(chart for chart in CHARTS if chart.region == "head")
    along = ((crown - corners[..., 2]) / (crown - neck)).clip(0, 0.9)
    across = np.arctan2(np.abs(corners[..., 0]), -0.06 - corners[..., 1]) / np.pi
    parts = np.where(corners.mean(1)[:, 0] < 0, head.right, head.left).astype(np.uint8)
    # The first half of ``across`` shows the face.
    return parts, to_uv(head, along, across.clip(0.5, 1)).astype(np.float32)


def chart_levels(heads: dict[str, Array]) -> tuple[float, float, float]:
    """Return the heights of hip, knee and ankle from the start points of the bones."""
    names = ("upperleg01.L", "lowerleg01.L", "foot.L")
    hip, knee, ankle = (float(heads[name][2]) for name in names)
    return hip + 0.06, knee, ankle
