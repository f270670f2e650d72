"""Which person a image is about, when a detector sees several."""

from collections.abc import Sequence

import torch

from reid_align.uv.atlas import BACKGROUND
from reid_align.uv.iuv import IUV


def main_person(candidates: Sequence[IUV], scores: Sequence[float]) -> IUV:
    """Return the dense map of the person with the largest visible area times score.

    Ties go to the person whose pixels lie closer to the image's center on average position, and
    then to the earlier one.

    Args:
        candidates: one map (3, H, W) for each person, at least one, all of one size.
        scores: the detector's confidence in each.
    """
    weights = zip(candidates, scores, strict=True)
    ranks = [(_area(iuv) * score, -_distance_from_center(iuv)) for iuv, score in weights]
    return candidates[ranks.index(max(ranks))]


def _area(iuv: IUV) -> int:
    return int((iuv.parts != BACKGROUND).sum())


def _distance_from_center(iuv: IUV) -> float:
    if bool(iuv.is_empty):
        return 0.0
    position = (iuv.parts != BACKGROUND).nonzero().double().mean(0)
    center = torch.tensor(iuv.parts.shape, dtype=torch.float64).sub(1).div(2)
    return float((position - center).norm())
