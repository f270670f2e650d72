"""CMC, mAP and mINP: how far up its ranked gallery a query finds its person."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics._ragged import Indices
from reid_align.metrics.blocks import DistanceBlocks
from reid_align.metrics.cmc import check_max_rank, cumulative_matches
from reid_align.metrics.labels import Labels
from reid_align.metrics.protocols import (
    Protocol,
    check_gallery_shots,
    default_protocol,
    matched_blocks,
)
from reid_align.metrics.ranks import genuine_ranks

AveragePrecision = Literal["mean", "trapezoid"]


@dataclass(frozen=True, eq=False)
class RankingResult:
    """What every query found, and the means over the queries that have something to find.

    A query is valid if the protocol leaves it at least one image of its person. Without a valid
    query the means and the CMC are NaN.

    Args:
        average_precision: (Q,) float64 in (0, 1], NaN where a query is not valid.
        inverse_negative_penalty: (Q,) float64 in (0, 1]: the number of images of the person over
            the rank of the last of them; NaN where a query is not valid.
        first_hit: (Q,) int64, the rank of the first image of the person, from 1; 0 where a query
            is not valid.
        max_rank: the K of the CMC.
        protocol: the protocol that was applied.
    """

    average_precision: NDArray[np.float64]
    inverse_negative_penalty: NDArray[np.float64]
    first_hit: Indices
    max_rank: int
    protocol: Protocol

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Which queries have something to find, (Q,) bool."""
        return self.first_hit > 0

    @property
    def valid_queries(self) -> int:
        """The number of valid queries."""
        return int(np.count_nonzero(self.first_hit))

    @property
    def cmc(self) -> NDArray[np.float64]:
        """The share of valid queries that are found within the first 1 … K ranks, (K,) float64."""
        return cumulative_matches(self.first_hit[self.valid], self.max_rank)

    @property
    def mean_average_precision(self) -> float:
        """The mAP."""
        return _mean(self.average_precision[self.valid])

    @property
    def mean_inverse_negative_penalty(self) -> float:
        """The mINP. Source: Ye et al., arXiv:2001.04193."""
        return _mean(self.inverse_negative_penalty[self.valid])


def rank(
    distances: DistanceBlocks,
    query: Labels,
    gallery: Labels,
    *,
    protocol: Protocol | None = None,
    ap: AveragePrecision = "mean",
    max_rank: int = 50,
) -> RankingResult:
    """Evaluate a ranking: CMC, average precision and inverse negative penalty of every query.

    The ranks are those of a stable sort: of two gallery items at the same distance, the one with
    the lower number is ahead.

    Args:
        distances: of features (distance_blocks), of a table (matrix_blocks), or re-ranked ones
            (rerank_blocks).
        query: labels of the queries.
        gallery: labels of the gallery.
        protocol: who is excluded; None is default_protocol of the labels: CROSS_CAMERA with camera
            ids, ALL_IMAGES without. The result says which.
        ap: "mean" is the mean of the precision at the rank of every image of the person;
            "trapezoid" the area under the straight lines between the points of the
            precision-recall curve, as in the first evaluation code of Market-1501.
        max_rank: the K of the CMC, at least 1; it may exceed the gallery.

    Raises:
        InvalidInputError: labels that do not fit, missing camera ids, a single-gallery-shot
            protocol, an unknown ``ap`` or a ``max_rank`` below 1.
    """
    protocol = protocol or default_protocol(query, gallery)
    check_gallery_shots(protocol, single=False)
    if ap not in get_args(AveragePrecision):
        raise InvalidInputError(
            f"ap {ap!r}: choose one of {', '.join(get_args(AveragePrecision))}."
        )
    check_max_rank(max_rank)
    blocks = matched_blocks(distances, query, gallery, protocol)
    found = [np.stack([block.start + block.rows, genuine_ranks(block)]) for block in blocks]
    queries, ranks = np.concatenate([np.empty((2, 0), np.int64), *found], axis=1)
    return _summarize(queries, ranks, len(query), ap, max_rank, protocol)


def _summarize(
    queries: Indices,
    ranks: Indices,
    count: int,
    ap: AveragePrecision,
    max_rank: int,
    protocol: Protocol,
) -> RankingResult:
    """Turn the ranks of all genuine pairs, ``queries`` ascending, into a result."""
    order = np.lexsort((ranks, queries))
    queries, ranks = queries[order], ranks[order]
    matches = np.bincount(queries, minlength=count)
    ends = np.cumsum(matches)
    valid = matches > 0
    hits = np.arange(1, len(ranks) + 1) - (ends - matches)[queries]
    precision = hits / ranks
    if ap == "trapezoid":
        before = np.divide(hits - 1, ranks - 1, out=np.ones(len(ranks)), where=ranks > 1)
        precision = (precision + before) / 2
    total = np.bincount(queries, precision, minlength=count)
    average_precision, penalty = np.full(count, np.nan), np.full(count, np.nan)
    average_precision[valid] = total[valid] / matches[valid]
    penalty[valid] = matches[valid] / ranks[ends[valid] - 1]
    first_hit = np.zeros(count, np.int64)
    first_hit[valid] = ranks[(ends - matches)[valid]]
    return RankingResult(average_precision, penalty, first_hit, max_rank, protocol)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else float("nan")
