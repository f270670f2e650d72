"""Which images of a batch make up the triplets of the Triplet-ReID constraint."""

from typing import NamedTuple

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError

RUN = 4
# Anchor, positive and negative of the four blocks, counted from the first image of a run.
OFFSETS = ((0, 1, 4), (1, 2, 5), (2, 3, 6), (3, 0, 4))


class Triplets(NamedTuple):
    """Triplets as places in a batch.

    Attributes:
        anchors: (A,) int64.
        positives: (A,) int64, another image of the anchor's person.
        negatives: (A,) int64, an image of another person.
        counted: (A,) bool; False where the batch has no such triplet, and the places mean nothing.
    """

    anchors: Tensor
    positives: Tensor
    negatives: Tensor
    counted: Tensor


def random_triplets(person_ids: Tensor, generator: torch.Generator) -> Triplets:
    """Draw one triplet for each image, uniformly from its positives and from its negatives.

    Args:
        person_ids: (N,) integers.
        generator: draws on its own device, so that one on the CPU gives the same triplets whatever
            device the batch is on.
    """
    same = person_ids[:, None] == person_ids
    anchors = torch.arange(len(person_ids), device=person_ids.device)
    others = same & (anchors[:, None] != anchors)
    counted = others.any(1) & ~same.all(1)
    return Triplets(anchors, _draw(others, generator), _draw(~same, generator), counted)


def offset_triplets(person_ids: Tensor, block: int) -> Triplets:
    """Take the official code's triplets: one for each person but the last, the next as negative.

    Args:
        person_ids: (N,) integers, in runs of four images of one person.
        block: 1 to 4, the block of the decoder; each has its own image of the run as the anchor.

    Raises:
        InvalidInputError: the batch is not made of such runs, or neighboring runs are of one
            person.
    """
    runs = person_ids.view(-1, RUN) if len(person_ids) % RUN == 0 else person_ids[:, None]
    if runs.shape[1] != RUN or (runs != runs[:, :1]).any() or (runs[1:, 0] == runs[:-1, 0]).any():
        raise InvalidInputError(
            f"Person ids {person_ids.tolist()}: sampling='offset' needs runs of {RUN} images of "
            "one person, and another person in the next run. Use sampling='random'."
        )
    starts = torch.arange(0, len(person_ids) - RUN, RUN, device=person_ids.device)
    anchors, positives, negatives = (starts + offset for offset in OFFSETS[block - 1])
    return Triplets(anchors, positives, negatives, torch.ones_like(starts, dtype=torch.bool))


def _draw(allowed: Tensor, generator: torch.Generator) -> Tensor:
    """Draw one allowed column of each row of (N, N), all with the same chance."""
    scores = torch.rand(allowed.shape, generator=generator, device=generator.device)
    return scores.to(allowed.device).masked_fill(~allowed, -1).argmax(1)
