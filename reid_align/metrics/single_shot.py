"""The single-gallery-shot CMC: one image of every person is drawn into the gallery.

Classic CUHK03 and CUHK01 are reported this way, averaged over draws. The average over all possible
draws can be computed, so that it needs neither a seed nor repeats.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics._ragged import Indices
from reid_align.metrics.blocks import DistanceBlocks
from reid_align.metrics.cmc import check_max_rank
from reid_align.metrics.labels import Labels
from reid_align.metrics.protocols import (
    SINGLE_GALLERY_SHOT,
    Protocol,
    check_gallery_shots,
    matched_blocks,
)

# Genuine pairs whose distributions are computed together: a few MiB for some hundred persons.
_PAIRS_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class SingleShotResult:
    """The chance of every query to be found, over all draws of the gallery.

    Args:
        hit_probability: (Q, K) float64, the probability that the query's person is within the
            first 1 … K ranks; NaN where the protocol leaves the query no image of its person.
        protocol: the protocol that was applied.
    """

    hit_probability: NDArray[np.float64]
    protocol: Protocol

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Which queries have something to find, (Q,) bool."""
        return ~np.isnan(self.hit_probability[:, 0])

    @property
    def valid_queries(self) -> int:
        """The number of valid queries."""
        return int(np.count_nonzero(self.valid))

    @property
    def cmc(self) -> NDArray[np.float64]:
        """The expected CMC over the valid queries, (K,) float64; NaN without a valid query."""
        chances = self.hit_probability[self.valid]
        return chances.mean(axis=0) if len(chances) else np.full(chances.shape[1], np.nan)


def expected_single_shot(
    distances: DistanceBlocks,
    query: Labels,
    gallery: Labels,
    *,
    protocol: Protocol = SINGLE_GALLERY_SHOT,
    max_rank: int = 20,
) -> SingleShotResult:
    """Compute the CMC averaged over all galleries that hold one image of every person.

    Every person's image is drawn uniformly from those that the protocol leaves the query, the
    draws of different persons being independent; equal ids are one person, also among distractors.
    Given the image drawn for the query's person, another person is ahead with the probability that
    is the share of its images ahead, and the number of persons ahead has a Poisson binomial
    distribution. Of two images at the same distance, the one with the lower number is ahead.

    Args:
        distances: from every query to every gallery item, before the draw.
        query: labels of the queries.
        gallery: labels of the gallery.
        protocol: a single-gallery-shot protocol.
        max_rank: the K of the CMC, at least 1; it may exceed the number of persons.

    Raises:
        InvalidInputError: another protocol, labels that do not fit, missing camera ids, or a
            ``max_rank`` below 1.

    Source: the protocol is that of CUHK03 (Li et al., DeepReID, CVPR 2014).
    """
    check_gallery_shots(protocol, single=True)
    check_max_rank(max_rank)
    persons, person = np.unique(gallery.person_ids, return_inverse=True)
    total, pairs = np.zeros((len(query), max_rank)), np.zeros(len(query))
    for block in matched_blocks(distances, query, gallery, protocol):
        for begin in range(0, len(block.rows), _PAIRS_AT_ONCE):
            part = slice(begin, begin + _PAIRS_AT_ONCE)
            rows = block.rows[part]
            chances = [
                _chances(block.distances[row], column, person, len(persons))
                for row, column in zip(rows, block.columns[part], strict=True)
            ]
            np.add.at(total, block.start + rows, _at_most(np.array(chances), max_rank))
            np.add.at(pairs, block.start + rows, 1)
    probability = np.full_like(total, np.nan)
    np.divide(total, pairs[:, None], out=probability, where=pairs[:, None] > 0)
    return SingleShotResult(probability, protocol)


def _chances(
    row: NDArray[np.float32], column: int, person: Indices, persons: int
) -> NDArray[np.float64]:
    """Return for every person the share of its images ahead of one gallery item, (P,) float64."""
    ahead = row < row[column]
    ahead[:column] |= row[:column] == row[column]
    present = np.bincount(person[np.isfinite(row)], minlength=persons)
    chances = np.bincount(person[ahead], minlength=persons) / np.maximum(present, 1)
    chances[person[column]] = 0
    return chances


def _at_most(chances: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the probabilities of at most 0 … count - 1 successes of independent trials.

    Args:
        chances: (N, P) float64, the chance of every trial.
        count: how many probabilities to return.

    Returns:
        (N, count) float64.
    """
    exactly = np.zeros((count, len(chances)))
    exactly[0] = 1
    for chance in chances.T:
        if chance.any():
            success = exactly[:-1] * chance
            exactly *= 1 - chance
            exactly[1:] += success
    return np.cumsum(exactly, axis=0).T
