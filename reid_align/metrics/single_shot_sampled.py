"""The single-gallery-shot CMC by sampling, for comparison with tables that were made so."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics._ragged import Indices
from reid_align.metrics.blocks import DistanceBlocks
from reid_align.metrics.cmc import check_max_rank, cumulative_matches
from reid_align.metrics.labels import Labels
from reid_align.metrics.protocols import (
    SINGLE_GALLERY_SHOT,
    Protocol,
    check_gallery_shots,
    matched_blocks,
)


@dataclass(frozen=True, eq=False)
class SampledSingleShotResult:
    """What every query found in each of some draws of the gallery.

    Args:
        first_hit: (R, Q) int64, the rank of the query's person in each draw, from 1; 0 where the
            protocol leaves the query no image of its person.
        max_rank: the K of the CMC.
        protocol: the protocol that was applied.
    """

    first_hit: Indices
    max_rank: int
    protocol: Protocol

    @property
    def valid_queries(self) -> int:
        """The number of valid queries, the same in every draw."""
        return int(np.count_nonzero(self.first_hit[0]))

    @property
    def cmc_of_draws(self) -> NDArray[np.float64]:
        """The CMC of every draw, (R, K) float64; NaN without a valid query."""
        return np.stack([cumulative_matches(hit[hit > 0], self.max_rank) for hit in self.first_hit])

    @property
    def cmc(self) -> NDArray[np.float64]:
        """The mean CMC of the draws, (K,) float64; NaN without a valid query."""
        return np.asarray(self.cmc_of_draws.mean(axis=0))


def sampled_single_shot(
    distances: DistanceBlocks,
    query: Labels,
    gallery: Labels,
    *,
    seed: int,
    repeats: int = 10,
    protocol: Protocol = SINGLE_GALLERY_SHOT,
    max_rank: int = 20,
) -> SampledSingleShotResult:
    """Draw galleries that hold one image of every person, and rank every query in each.

    A draw is an order of the gallery, common to all queries: a person is represented by its first
    image that the protocol leaves the query. Ties as in expected_single_shot, which is the limit
    of many draws.

    Args:
        distances: from every query to every gallery item, before the draw.
        query: labels of the queries.
        gallery: labels of the gallery.
        seed: the same seed draws the same galleries, whatever the number of repeats.
        repeats: the number of draws, R, at least 1.
        protocol: a single-gallery-shot protocol.
        max_rank: the K of the CMC, at least 1; it may exceed the number of persons.

    Raises:
        InvalidInputError: another protocol, labels that do not fit, missing camera ids, or
            ``repeats`` or ``max_rank`` below 1.

    Source: the protocol is that of CUHK03 (Li et al., DeepReID, CVPR 2014).
    """
    check_gallery_shots(protocol, single=True)
    check_max_rank(max_rank)
    if repeats < 1:
        raise InvalidInputError(f"repeats {repeats}: give the number of draws, at least 1.")
    draws = [_draw(gallery.person_ids, seed, repeat) for repeat in range(repeats)]
    first_hit = np.zeros((repeats, len(query)), np.int64)
    for block in matched_blocks(distances, query, gallery, protocol):
        rows, first = np.unique(block.rows, return_index=True)
        person_ids = gallery.person_ids[block.columns[first]]
        for found, draw in zip(first_hit, draws, strict=True):
            found[block.start + rows] = _ranks(block.distances[rows], person_ids, draw)
    return SampledSingleShotResult(first_hit, max_rank, protocol)


class _Draw(NamedTuple):
    """The gallery grouped by person, in random order within a person.

    Args:
        columns: the gallery items, (G,).
        persons: the person ids, ascending, (P,).
        starts: where in ``columns`` each person begins, (P,).
    """

    columns: Indices
    persons: Indices
    starts: Indices


def _draw(person_ids: Indices, seed: int, repeat: int) -> _Draw:
    shuffled = np.random.default_rng([seed, repeat]).permutation(len(person_ids))
    columns = shuffled[person_ids[shuffled].argsort(kind="stable")]
    persons, starts = np.unique(person_ids[columns], return_index=True)
    return _Draw(columns, persons, starts)


def _ranks(distances: NDArray[np.float32], person_ids: Indices, draw: _Draw) -> Indices:
    """Return the rank of the image that represents ``person_ids``, (N,), in every row, (N,)."""
    grouped = distances[:, draw.columns]
    count = grouped.shape[1]
    # An excluded image stands behind all others of its person, and is infinitely far if drawn.
    places = np.arange(count) + count * np.isinf(grouped)
    drawn = np.minimum.reduceat(places, draw.starts, axis=1) % count
    shots, items = np.take_along_axis(grouped, drawn, axis=1), draw.columns[drawn]
    own = draw.persons.searchsorted(person_ids)[:, None]
    shot, item = np.take_along_axis(shots, own, axis=1), np.take_along_axis(items, own, axis=1)
    ahead = (shots < shot) | ((shots == shot) & (items < item))
    return np.asarray(1 + ahead.sum(axis=1), dtype=np.int64)
