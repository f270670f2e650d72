"""Batch-hard triplet loss on feature vectors."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from reid_align.checks import at_least_zero
from reid_align.errors import InvalidInputError
from reid_align.losses.loss_inputs import at_least_float32, check_batch

SHAPE = "(N, D)"
# The square root has no gradient at 0, the distance of a feature vector to itself.
SMALLEST_SQUARE = 1e-12


class Hardest(NamedTuple):
    """Indices of the hardest triplet of each anchor among the candidates.

    Attributes:
        positives: (N,) farthest candidate of the same identity.
        negatives: (N,) nearest candidate of another identity.
        counted: (N,) bool; False if one of the two does not exist and its index is meaningless.
    """

    positives: Tensor
    negatives: Tensor
    counted: Tensor


@dataclass(frozen=True)
class BatchHardTriplet:
    """Hinge on the farthest positive and the nearest negative of every anchor, mean over anchors.

    ``relu(d(a, p) - d(a, n) + margin)`` with Euclidean distances of unnormalized features. An
    anchor may be its own positive, at distance 0. Anchors without a positive or negative among the
    candidates are ignored; if no anchor is left, the loss is 0.

    Args:
        margin: required difference between negative and positive distance.

    Raises:
        InvalidInputError: the margin is negative or not finite.

    Source: arXiv:1703.07737, equation 5, with a hinge; 0.3 in DSA-reID (CVPR 2019), section 4.2,
    and in the official code of SAN (arXiv:1905.13143).
    """

    margin: float = 0.3

    def __post_init__(self) -> None:
        at_least_zero("margin", self.margin)

    def __call__(
        self,
        features: Tensor,
        person_ids: Tensor,
        candidates: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """Return the loss, a scalar.

        In distributed training, each process passes its own images as the anchors and the gathered
        batch as the candidates. With the same number of anchors per process, the mean of the losses
        is the loss of the whole batch.

        Args:
            features: (N, D) floating point, of the anchors.
            person_ids: (N,) integers.
            candidates: features (M, D) and person ids (M,) to select positives and negatives from;
                default: the anchors.

        Raises:
            InvalidInputError: invalid shapes or dtypes, or an empty batch.
        """
        check_batch(features, person_ids, SHAPE)
        others, other_ids = candidates or (features, person_ids)
        check_batch(others, other_ids, SHAPE)
        if features.shape[1] != others.shape[1]:
            raise InvalidInputError(
                f"Features of length {features.shape[1]} and candidates of length "
                f"{others.shape[1]}: both must have the same length."
            )
        features, others = at_least_float32(features), at_least_float32(others)
        hardest = find_hardest(features, others, person_ids[:, None] == other_ids)
        positives = _distances(features, others[hardest.positives])
        negatives = _distances(features, others[hardest.negatives])
        hinge = (positives - negatives + self.margin).relu() * hardest.counted
        return hinge.sum() / hardest.counted.sum().clamp(min=1)


@torch.no_grad()
def find_hardest(features: Tensor, others: Tensor, same: Tensor) -> Hardest:
    """Find the hardest triplet of every anchor; ties go to the first candidate.

    Args:
        features: (N, D) of the anchors.
        others: (M, D) of the candidates.
        same: (N, M) bool, whether anchor and candidate have the same identity.
    """
    # The faster matrix-product form is too inexact for near-equal images.
    distances = torch.cdist(features, others, compute_mode="donot_use_mm_for_euclid_dist")
    return Hardest(
        distances.masked_fill(~same, -torch.inf).argmax(1),
        distances.masked_fill(same, torch.inf).argmin(1),
        same.any(1) & ~same.all(1),
    )


def _distances(a: Tensor, b: Tensor) -> Tensor:
    """Return the Euclidean distances (N,) between the rows of two (N, D)."""
    return (a - b).square().sum(1).clamp(min=SMALLEST_SQUARE).sqrt()
