r"""CMC, mAP and mINP of a ranked gallery.

For a query with :math:`M` genuine gallery images at the ranks :math:`r_1 < \dots < r_M` (from 1):

* CMC at k (rank-k accuracy): fraction of queries with :math:`r_1 \le k`.
* AP: :math:`\frac{1}{M} \sum_i i / r_i`; mAP is its mean over the queries.
* INP: :math:`M / r_M`; mINP is its mean over the queries.

Queries without a genuine gallery image are left out of all means.

Sources: CMC and mAP as in Market-1501 (Zheng et al., ICCV 2015); mINP from Ye et al.,
arXiv:2001.04193.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics.blockwise_distances import DistanceBlocks
from reid_align.metrics.cmc import check_max_rank, cumulative_matches
from reid_align.metrics.genuine_ranks import genuine_ranks
from reid_align.metrics.labels import Labels
from reid_align.metrics.protocols import (
    Protocol,
    check_gallery_shots,
    default_protocol,
    matched_blocks,
)
from reid_align.metrics.ragged_arrays import Indices

AveragePrecision = Literal["mean", "trapezoid"]


@dataclass(frozen=True, eq=False)
class RankingResult:
    """Per-query ranking results and their means over the valid queries.

    A query is valid if it has a genuine gallery image under the protocol. Without a valid query
    the means and the CMC are NaN.

    Args:
        average_precision: (Q,) float64 in (0, 1]; NaN for invalid queries.
        inverse_negative_penalty: (Q,) float64 in (0, 1]: number of genuine images divided by the
            rank of the last one; NaN for invalid queries.
        first_hit: (Q,) int64, rank of the first genuine image, from 1; 0 for invalid queries.
        max_rank: length of the CMC, K.
        protocol: protocol that was applied.
    """

    average_precision: NDArray[np.float64]
    inverse_negative_penalty: NDArray[np.float64]
    first_hit: Indices
    max_rank: int
    protocol: Protocol

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Mask of valid queries, (Q,) bool."""
        return self.first_hit > 0

    @property
    def valid_queries(self) -> int:
        """Number of valid queries."""
        return int(np.count_nonzero(self.first_hit))

    @property
    def cmc(self) -> NDArray[np.float64]:
        """CMC: fraction of valid queries with a hit within the first 1 … K ranks, (K,) float64."""
        return cumulative_matches(self.first_hit[self.valid], self.max_rank)

    @property
    def mean_average_precision(self) -> float:
        """The mAP, in (0, 1]."""
        return _mean(self.average_precision[self.valid])

    @property
    def mean_inverse_negative_penalty(self) -> float:
        """The mINP, in (0, 1]."""
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
    """Compute CMC, average precision and inverse negative penalty of each query.

    Ranks are those of a stable sort: ties are ordered by gallery index.

    Args:
        distances: from `distance_blocks`, `matrix_blocks` or `rerank_blocks`.
        query: labels of the queries.
        gallery: labels of the gallery.
        protocol: exclusion rules; None is CROSS_CAMERA with camera ids, ALL_IMAGES without.
        ap: "mean" is the mean precision at the ranks of the genuine images; "trapezoid" is the
            area under the linearly interpolated precision-recall curve, as in the first evaluation
            code of Market-1501.
        max_rank: length of the CMC, at least 1; may exceed the gallery size.

    Raises:
        InvalidInputError: labels that do not match, missing camera ids, a single-gallery-shot
            protocol, an unknown ``ap`` or a ``max_rank`` below 1.
    """
    protocol = protocol or default_protocol(query, gallery)
    check_gallery_shots(protocol, single=False)
    if ap not in get_args(AveragePrecision):
        raise InvalidInputError(
            f"Unknown ap {ap!r}. Choose one of {', '.join(get_args(AveragePrecision))}."
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
    """Build the result from the ranks of all genuine pairs, sorted by query."""
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
