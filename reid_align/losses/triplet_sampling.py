"""Triplet sampling for the Triplet-ReID constraint."""

from typing import NamedTuple

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError

RUN = 4
# Anchor, positive and negative for each of the four blocks, as offsets from the first image.
OFFSETS = ((0, 1, 4), (1, 2, 5), (2, 3, 6), (3, 0, 4))


class Triplets(NamedTuple):
    """Triplets as indices into a batch.

    Attributes:
        anchors: (A,) int64.
        positives: (A,) int64, another image of the same identity.
        negatives: (A,) int64, an image of another identity.
        counted: (A,) bool; False if the batch has no such triplet and the indices are meaningless.
    """

    anchors: Tensor
    positives: Tensor
    negatives: Tensor
    counted: Tensor


def random_triplets(person_ids: Tensor, generator: torch.Generator) -> Triplets:
    """Draw one triplet per image, uniformly from its positives and negatives.

    Args:
        person_ids: (N,) integers.
        generator: draws on its device; a CPU generator gives the same triplets for any device of
            the batch.
    """
    same = person_ids[:, None] == person_ids
    anchors = torch.arange(len(person_ids), device=person_ids.device)
    others = same & (anchors[:, None] != anchors)
    counted = others.any(1) & ~same.all(1)
    return Triplets(anchors, _draw(others, generator), _draw(~same, generator), counted)


def offset_triplets(person_ids: Tensor, block: int) -> Triplets:
    """Return the triplets of the official code: one per identity, the next identity as negative.

    The last identity has no triplet.

    Args:
        person_ids: (N,) integers; four consecutive images per identity.
        block: decoder block, 1 to 4; it selects the anchor among the four images.

    Raises:
        InvalidInputError: the batch does not have this order, or neighbors have the same identity.
    """
    runs = person_ids.view(-1, RUN) if len(person_ids) % RUN == 0 else person_ids[:, None]
    if runs.shape[1] != RUN or (runs != runs[:, :1]).any() or (runs[1:, 0] == runs[:-1, 0]).any():
        raise InvalidInputError(
            f"Person ids {person_ids.tolist()}: sampling='offset' needs {RUN} consecutive images "
            "per identity, and a different identity next. Use sampling='random'."
        )
    starts = torch.arange(0, len(person_ids) - RUN, RUN, device=person_ids.device)
    anchors, positives, negatives = (starts + offset for offset in OFFSETS[block - 1])
    return Triplets(anchors, positives, negatives, torch.ones_like(starts, dtype=torch.bool))


def _draw(allowed: Tensor, generator: torch.Generator) -> Tensor:
    """Draw one allowed column per row of (N, N), uniformly."""
    scores = torch.rand(allowed.shape, generator=generator, device=generator.device)
    return scores.to(allowed.device).masked_fill(~allowed, -1).argmax(1)
