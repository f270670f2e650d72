r"""Exact single-gallery-shot CMC: the expectation over all galleries with one image per identity.

For classic CUHK03 and CUHK01 the gallery is one randomly drawn image per identity, and papers
average the CMC over random draws. This module computes the average over all possible draws; it
needs no seed and no repetitions.

For a query and a drawn genuine image, each other identity :math:`j` is ahead with the probability
:math:`p_j`: the fraction of its images that are closer to the query. The number of identities ahead
has a Poisson binomial distribution with the probabilities :math:`p_j`, and the query is a hit at
rank k if at most k - 1 identities are ahead. The result is the mean over the genuine images.

Source: protocol of CUHK03 (Li et al., DeepReID, CVPR 2014).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics.blockwise_distances import DistanceBlocks
from reid_align.metrics.cmc import check_max_rank
from reid_align.metrics.labels import Labels
from reid_align.metrics.protocols import (
    SINGLE_GALLERY_SHOT,
    Protocol,
    check_gallery_shots,
    matched_blocks,
)
from reid_align.metrics.ragged_arrays import Indices

# Genuine pairs per computation of distributions: a few MiB for some hundred identities.
_PAIRS_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class SingleShotResult:
    """Hit probability of each query over all draws of the gallery.

    A query is valid if it has a genuine gallery image under the protocol.

    Args:
        hit_probability: (Q, K) float64 in [0, 1], probability of a hit within the first 1 … K
            ranks; NaN for invalid queries.
        protocol: protocol that was applied.
    """

    hit_probability: NDArray[np.float64]
    protocol: Protocol

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Mask of valid queries, (Q,) bool."""
        return ~np.isnan(self.hit_probability[:, 0])

    @property
    def valid_queries(self) -> int:
        """Number of valid queries."""
        return int(np.count_nonzero(self.valid))

    @property
    def cmc(self) -> NDArray[np.float64]:
        """Expected CMC over the valid queries, (K,) float64; NaN without a valid query."""
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
    """Compute the expected CMC over all galleries with one image per identity.

    The image of each identity is drawn uniformly and independently from its images that are not
    excluded for the query. Distractors with equal ids are one identity. Ties are ordered by gallery
    index.

    Args:
        distances: distances from each query to all gallery images.
        query: labels of the queries.
        gallery: labels of the gallery.
        protocol: a single-gallery-shot protocol.
        max_rank: length of the CMC, at least 1; may exceed the number of identities.

    Raises:
        InvalidInputError: another protocol, labels that do not match, missing camera ids, or a
            ``max_rank`` below 1.
    """
    check_gallery_shots(protocol, single=True)
    check_max_rank(max_rank)
    identities, identity = np.unique(gallery.person_ids, return_inverse=True)
    total, pairs = np.zeros((len(query), max_rank)), np.zeros(len(query))
    for block in matched_blocks(distances, query, gallery, protocol):
        for begin in range(0, len(block.rows), _PAIRS_AT_ONCE):
            part = slice(begin, begin + _PAIRS_AT_ONCE)
            rows = block.rows[part]
            ahead = [
                _ahead_probabilities(block.distances[row], column, identity, len(identities))
                for row, column in zip(rows, block.columns[part], strict=True)
            ]
            np.add.at(total, block.start + rows, _at_most(np.array(ahead), max_rank))
            np.add.at(pairs, block.start + rows, 1)
    probability = np.full_like(total, np.nan)
    np.divide(total, pairs[:, None], out=probability, where=pairs[:, None] > 0)
    return SingleShotResult(probability, protocol)


def _ahead_probabilities(
    row: NDArray[np.float32], column: int, identity: Indices, count: int
) -> NDArray[np.float64]:
    """Return, for each identity, the fraction of its images ahead of one column, (P,) float64."""
    ahead = row < row[column]
    ahead[:column] |= row[:column] == row[column]
    present = np.bincount(identity[np.isfinite(row)], minlength=count)
    probabilities = np.bincount(identity[ahead], minlength=count) / np.maximum(present, 1)
    probabilities[identity[column]] = 0
    return probabilities


def _at_most(probabilities: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Compute the probabilities of at most 0 … count - 1 successes of independent trials.

    Args:
        probabilities: (N, P) float64, success probability of each trial.
        count: number of probabilities to return.

    Returns:
        (N, count) float64.
    """
    exactly = np.zeros((count, len(probabilities)))
    exactly[0] = 1
    for probability in probabilities.T:
        if probability.any():
            success = exactly[:-1] * probability
            exactly *= 1 - probability
            exactly[1:] += success
    return np.cumsum(exactly, axis=0).T
