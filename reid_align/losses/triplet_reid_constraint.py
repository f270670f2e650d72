"""Triplet-ReID constraint of SAN: a triplet loss on the feature maps of the decoder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from reid_align.checks import at_least_zero
from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.losses.loss_inputs import at_least_float32, check_batch
from reid_align.losses.triplet_sampling import OFFSETS, Triplets, offset_triplets, random_triplets

Reduction = Literal["sum", "mean"]
Sampling = Literal["random", "offset"]


@dataclass(frozen=True)
class TripletReidConstraint:
    """Hinge on squared distances between decoder feature maps, summed over blocks.

    For each block, ``relu(D(a, p) - D(a, n) + margin)`` with D the squared difference of two maps,
    averaged over positions. Anchors without a positive or negative in the batch are ignored; if no
    anchor is left, the loss is 0. `PAPER_CONSTRAINT` and `OFFICIAL_CONSTRAINT` are the two
    published forms.

    Args:
        blocks: decoder blocks, counted from 1.
        channel_reduction: reduction of D over channels.
        anchor_reduction: reduction of a block's loss over anchors.
        sampling: "random": every image is an anchor, and each block draws new positives and
            negatives; "offset": fixed positions as in the official code, which needs four
            consecutive images per identity.
        margin: required difference D(a, n) - D(a, p).

    Raises:
        InvalidInputError: blocks are empty, repeated, below 1, or above 4 with "offset"; the margin
            is negative or not finite.
        UnknownNameError: an unknown reduction or sampling.

    Source: SAN (arXiv:1905.13143), equation 1 and section 4.3; its official code.
    """

    blocks: tuple[int, ...] = (1, 2, 3)
    channel_reduction: Reduction = "sum"
    anchor_reduction: Reduction = "mean"
    sampling: Sampling = "random"
    margin: float = 0.3

    def __post_init__(self) -> None:
        for reduction in (self.channel_reduction, self.anchor_reduction):
            if reduction not in get_args(Reduction):
                raise UnknownNameError("reduction", reduction, get_args(Reduction))
        if self.sampling not in get_args(Sampling):
            raise UnknownNameError("sampling", self.sampling, get_args(Sampling))
        if not self.blocks or len(set(self.blocks)) < len(self.blocks) or min(self.blocks) < 1:
            raise InvalidInputError(f"blocks={self.blocks}: list each block once, counted from 1.")
        if self.sampling == "offset" and max(self.blocks) > len(OFFSETS):
            raise InvalidInputError(
                f"blocks={self.blocks}: sampling='offset' supports blocks 1 to {len(OFFSETS)}."
            )
        at_least_zero("margin", self.margin)

    def __call__(
        self, maps: Sequence[Tensor], person_ids: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Return the loss, a scalar.

        Args:
            maps: outputs d1, d2, … of the decoder blocks, (N, C, h, w) each.
            person_ids: (N,) integers.
            generator: draws the triplets; unused by "offset".

        Raises:
            InvalidInputError: fewer maps than blocks, invalid shapes or dtypes, or, with "offset",
                another order of the batch.
        """
        if max(self.blocks) > len(maps):
            raise InvalidInputError(
                f"{len(maps)} maps for blocks={self.blocks}: pass the maps of all blocks from d1."
            )
        losses = []
        for block in self.blocks:
            check_batch(maps[block - 1], person_ids, "(N, C, h, w)")
            triplets = self._choose(person_ids, block, generator)
            losses.append(self._block_loss(at_least_float32(maps[block - 1]), triplets))
        return torch.stack(losses).sum()

    def _choose(self, person_ids: Tensor, block: int, generator: torch.Generator) -> Triplets:
        if self.sampling == "offset":
            return offset_triplets(person_ids, block)
        return random_triplets(person_ids, generator)

    def _block_loss(self, maps: Tensor, triplets: Triplets) -> Tensor:
        anchors = maps[triplets.anchors]
        positives = self._distances(anchors, maps[triplets.positives])
        negatives = self._distances(anchors, maps[triplets.negatives])
        total = ((positives - negatives + self.margin).relu() * triplets.counted).sum()
        if self.anchor_reduction == "sum":
            return total
        return total / triplets.counted.sum().clamp(min=1)

    def _distances(self, a: Tensor, b: Tensor) -> Tensor:
        """Return D (A,) between pairs of maps (A, C, h, w)."""
        squares = (a - b).square().mean((2, 3))
        return squares.sum(1) if self.channel_reduction == "sum" else squares.mean(1)


PAPER_CONSTRAINT = TripletReidConstraint()
OFFICIAL_CONSTRAINT = TripletReidConstraint(
    blocks=(1, 2, 3, 4), channel_reduction="mean", anchor_reduction="sum", sampling="offset"
)
