"""The Triplet-ReID constraint of SAN: the decoder's maps of one person should be alike."""

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
    """Hinge on squared distances between the decoder's maps, summed over its blocks.

    For each block, ``relu(D(a, p) - D(a, n) + margin)`` with D the squared difference of two maps,
    averaged over positions. Anchors without a positive or a negative in the batch do not count;
    where no anchor counts, the loss is 0. `PAPER_CONSTRAINT` and `OFFICIAL_CONSTRAINT` are the two
    published forms.

    Args:
        blocks: which of the decoder's blocks, counted from 1.
        channel_reduction: whether D sums or averages over channels.
        anchor_reduction: whether a block's loss is the sum or the mean over anchors.
        sampling: "random": every image is an anchor, its positive and its negative are drawn anew
            for each block; "offset": the fixed places of the official code, which needs runs of
            four images of one person.
        margin: how much larger than D(a, p) D(a, n) should be.

    Raises:
        InvalidInputError: no blocks, a block twice, below 1, or above 4 with "offset"; a margin
            that is negative or not finite.
        UnknownNameError: another reduction or sampling.

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
            raise InvalidInputError(f"blocks={self.blocks}: name each block once, from 1.")
        if self.sampling == "offset" and max(self.blocks) > len(OFFSETS):
            raise InvalidInputError(
                f"blocks={self.blocks}: sampling='offset' knows the blocks 1 to {len(OFFSETS)}."
            )
        at_least_zero("margin", self.margin)

    def __call__(
        self, maps: Sequence[Tensor], person_ids: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Return the loss, a scalar.

        Args:
            maps: the outputs d1, d2, … of the decoder's blocks, (N, C, h, w) each.
            person_ids: (N,) integers.
            generator: draws the triplets; "offset" takes nothing from it.

        Raises:
            InvalidInputError: fewer maps than blocks, or other shapes or types; with "offset", a
                batch that is not made of runs of four.
        """
        if max(self.blocks) > len(maps):
            raise InvalidInputError(
                f"{len(maps)} maps for blocks={self.blocks}: give the maps of all blocks from d1."
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
