"""Metrics of one split."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.evaluation.evaluation_options import EvaluationOptions
from reid_align.evaluation.feature_matching import LabeledFeatures
from reid_align.metrics import (
    DistanceBlocks,
    Metric,
    Protocol,
    distance_blocks,
    expected_single_shot,
    rank,
    rerank_blocks,
)


class SplitMetrics(NamedTuple):
    """Per-query metrics of the Q queries of a split.

    ``cmc`` is (K,), the others are (Q,), NaN (``first_hit``: 0) for queries without a genuine
    gallery image. Single-gallery-shot protocols have only ``cmc`` and ``rank1``.
    """

    cmc: NDArray[np.float64]
    rank1: NDArray[np.float64]
    average_precision: NDArray[np.float64] | None = None
    inverse_negative_penalty: NDArray[np.float64] | None = None
    first_hit: NDArray[np.int64] | None = None


def split_distances(
    query: LabeledFeatures,
    gallery: LabeledFeatures,
    metric: Metric,
    options: EvaluationOptions,
    *,
    reranked: bool,
) -> DistanceBlocks:
    """Prepare the distances from all queries to the gallery."""
    blocks = rerank_blocks if reranked else distance_blocks
    return blocks(query.features, gallery.features, metric=metric, device=options.device)


def compute_split_metrics(
    distances: DistanceBlocks,
    query: LabeledFeatures,
    gallery: LabeledFeatures,
    protocol: Protocol,
    options: EvaluationOptions,
) -> SplitMetrics:
    """Compute the metrics of one split under the protocol."""
    labels, length = (query.labels, gallery.labels), options.max_rank
    if protocol.single_gallery_shot:
        expected = expected_single_shot(distances, *labels, protocol=protocol, max_rank=length)
        return SplitMetrics(expected.cmc, expected.hit_probability[:, 0])
    ranking = rank(distances, *labels, protocol=protocol, ap=options.ap, max_rank=length)
    return SplitMetrics(
        ranking.cmc,
        np.where(ranking.first_hit > 0, ranking.first_hit == 1, np.nan),
        ranking.average_precision,
        ranking.inverse_negative_penalty,
        ranking.first_hit,
    )
