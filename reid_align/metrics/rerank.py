"""k-reciprocal re-ranking: distances that also weigh how far two images share their neighbors."""

import numpy as np
import torch

from reid_align.errors import InvalidInputError
from reid_align.metrics._products import (
    Features,
    operand,
    product,
    reciprocals,
    squared_norms,
    to_squared_distances,
)
from reid_align.metrics._sparse import SparseRows
from reid_align.metrics.blocks import DistanceBlocks
from reid_align.metrics.distance import Metric, check_metric, feature_norms
from reid_align.metrics.k_reciprocal import reciprocal_pairs
from reid_align.metrics.neighbors import Neighbors, neighbors

# Small enough for the gathered features to stay in the cache.
_PAIRS_AT_ONCE = 1024


def rerank_blocks(
    query_features: Features,
    gallery_features: Features,
    *,
    metric: Metric = "cosine",
    k1: int = 20,
    k2: int = 6,
    lambda_value: float = 0.3,
    block_size: int | None = None,
    device: str | torch.device = "cpu",
) -> DistanceBlocks:
    """Re-rank by k-reciprocal neighbors, and prepare the new distances by blocks of queries.

    Neighbors are sought among queries and gallery together, as the method defines it: the result
    for one query depends on all others. Leave junk out of the gallery beforehand. The new distance
    is ``lambda_value`` times the original one (squared Euclidean, over its largest value for the
    query) plus the rest times the Jaccard distance of the neighbors; it is in [0, 1]. No N×N
    table is made. Sets of at most k1 images are all one another's neighbors.

    Args:
        query_features: (Q, D) float32.
        gallery_features: (G, D) float32.
        metric: "cosine" scales the features to norm 1 first, "euclidean" takes them as they are.
        k1: the neighbors that reciprocity is sought among, at least 1; the image itself is not
            counted.
        k2: the neighbors whose weights are averaged, at least 1, the image itself included.
        lambda_value: the share of the original distance, in [0, 1].
        block_size: see DistanceBlocks.
        device: where the distances are computed; everything else runs on the CPU.

    Raises:
        InvalidInputError: parameters out of range, or features as in distance_blocks.

    Source: Zhong et al., arXiv:1701.08398; distances are squared once and k1 + 1 neighbors are
    taken, the image itself being the first, as in the authors' code.
    """
    check_metric(metric)
    if k1 < 1 or k2 < 1 or not 0 <= lambda_value <= 1:
        raise InvalidInputError(
            f"k1 {k1}, k2 {k2}, lambda_value {lambda_value}: k1 and k2 must be at least 1, and "
            "lambda_value from 0 to 1."
        )
    features = _stacked(query_features, gallery_features, metric)
    queries, gallery = len(query_features), len(gallery_features)
    found = neighbors(features, min(max(k1 + 1, k2), len(features)), device)
    weights = _neighbor_weights(features, found, k1)
    if k2 > 1:
        weights = weights.averaged(found.nearest[:, :k2])
    holders = weights.transposed(queries)
    candidates, squares = operand(features[queries:], device), squared_norms(features)
    scales = np.float32(lambda_value) * reciprocals(found.farthest)[:, None]

    def rows(start: int, stop: int) -> Features:
        here = slice(start, stop)
        block = product(features[here], candidates)
        to_squared_distances(block, squares[here], squares[queries:])
        block *= scales[here]
        for query, row in enumerate(block, start):
            shared = np.minimum(weights.shared(query, holders, gallery), 1)
            row += (1 - lambda_value) * (1 - shared / (2 - shared))
        return block

    return DistanceBlocks((queries, gallery), rows, block_size)


def _stacked(query_features: Features, gallery_features: Features, metric: Metric) -> Features:
    """Return the features of queries and gallery, (Q + G, D), as the metric wants them."""
    norms = np.concatenate(feature_norms(query_features, gallery_features))
    features = np.concatenate([query_features, gallery_features])
    if metric == "cosine":
        features *= reciprocals(norms)[:, None]
    return features


def _neighbor_weights(features: Features, found: Neighbors, k1: int) -> SparseRows:
    """Return, for every image, weights of its k-reciprocal neighbors that sum to 1, (N, N)."""
    size = len(features)
    nearest = found.nearest[:, : k1 + 1]
    rows, columns = reciprocal_pairs(nearest, round(k1 / 2) + 1)
    distances = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _PAIRS_AT_ONCE):
        pair = slice(start, start + _PAIRS_AT_ONCE)
        difference = features[rows[pair]] - features[columns[pair]]
        distances[pair] = squared_norms(difference)
    weights = np.exp(-distances * reciprocals(found.farthest)[rows])
    weights /= np.bincount(rows, weights, size)[rows]
    return SparseRows.of(rows, size, columns, weights.astype(np.float32))
