"""Selection of the main person among several detections."""

from collections.abc import Sequence

import torch

from reid_align.body_atlas import BACKGROUND
from reid_align.uv.iuv import IUV


def main_person(candidates: Sequence[IUV], scores: Sequence[float]) -> IUV:
    """Return the dense pose map of the person with the largest visible area times score.

    Ties go to the person with the centroid closest to the image center, then to the first one.

    Args:
        candidates: one map (3, H, W) per person, at least one, all of the same size.
        scores: detector confidence of each person.
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
