"""k-reciprocal re-ranking: combines the original distance with a Jaccard distance of neighbors."""

import numpy as np
import torch

from reid_align.errors import InvalidInputError
from reid_align.metrics.blockwise_distances import DistanceBlocks
from reid_align.metrics.distance import Metric, check_metric, feature_norms
from reid_align.metrics.k_reciprocal import reciprocal_pairs
from reid_align.metrics.matrix_products import (
    FeatureMatrix,
    operand,
    product,
    reciprocals,
    squared_norms,
    to_squared_distances,
)
from reid_align.metrics.neighbors import Neighbors, neighbors
from reid_align.metrics.sparse_rows import SparseRows

# Small enough to keep the gathered features in the cache.
_PAIRS_AT_ONCE = 1024


def rerank_blocks(
    query_features: FeatureMatrix,
    gallery_features: FeatureMatrix,
    *,
    metric: Metric = "cosine",
    k1: int = 20,
    k2: int = 6,
    lambda_value: float = 0.3,
    block_size: int | None = None,
    device: str | torch.device = "cpu",
) -> DistanceBlocks:
    r"""Re-rank with k-reciprocal encoding and return the new distances in blocks of queries.

    .. math::
        d^* = \lambda \, \frac{d^2}{\max d^2} + (1 - \lambda) \, d_\text{Jaccard}

    :math:`d` is the Euclidean distance, its maximum is taken over all images for the query, and
    :math:`d_\text{Jaccard}` compares the weighted k-reciprocal neighbors. :math:`d^*` is in [0, 1].

    Neighbors are searched among queries and gallery together, so each query's result depends on
    the other queries. Remove junk from the gallery first. In a set of at most k1 images, all images
    are neighbors of each other. No N×N matrix is built.

    Args:
        query_features: (Q, D) float32.
        gallery_features: (G, D) float32.
        metric: "cosine" first scales the features to norm 1, "euclidean" uses them unchanged.
        k1: number of neighbors for reciprocity, at least 1, without the image itself.
        k2: number of neighbors for the weight average (query expansion), at least 1, including the
            image itself.
        lambda_value: weight of the original distance, in [0, 1].
        block_size: queries per block, see `DistanceBlocks`.
        device: device of the distance computation; everything else runs on the CPU.

    Raises:
        InvalidInputError: parameters out of range, or features as in `distance_blocks`.

    Source: Zhong et al., arXiv:1701.08398. As in the authors' code, distances are squared once and
    k1 + 1 neighbors are used, the first being the image itself.
    """
    check_metric(metric)
    if k1 < 1 or k2 < 1 or not 0 <= lambda_value <= 1:
        raise InvalidInputError(
            f"Got k1={k1}, k2={k2}, lambda_value={lambda_value}. k1 and k2 must be at least 1, and "
            "lambda_value must be from 0 to 1."
        )
    features = _stacked(query_features, gallery_features, metric)
    queries, gallery = len(query_features), len(gallery_features)
    found = neighbors(features, min(max(k1 + 1, k2), len(features)), device)
    weights = neighbor_weights(features, found, k1)
    if k2 > 1:
        weights = weights.averaged(found.nearest[:, :k2])
    holders = weights.transposed(queries)
    candidates, squares = operand(features[queries:], device), squared_norms(features)
    scales = np.float32(lambda_value) * reciprocals(found.farthest)[:, None]

    def rows(start: int, stop: int) -> FeatureMatrix:
        here = slice(start, stop)
        block = product(features[here], candidates)
        to_squared_distances(block, squares[here], squares[queries:])
        block *= scales[here]
        for query, row in enumerate(block, start):
            shared = np.minimum(weights.shared(query, holders, gallery), 1)
            row += (1 - lambda_value) * (1 - shared / (2 - shared))
        return block

    return DistanceBlocks((queries, gallery), rows, block_size)


def unit_rows(features: FeatureMatrix) -> FeatureMatrix:
    """Return a copy with rows of norm 1; rows of zeros stay."""
    norms, _ = feature_norms(features, features)
    return features * reciprocals(norms)[:, None]


def _stacked(
    query_features: FeatureMatrix, gallery_features: FeatureMatrix, metric: Metric
) -> FeatureMatrix:
    """Concatenate query and gallery features, (Q + G, D); scaled to norm 1 for "cosine"."""
    feature_norms(query_features, gallery_features)
    features = np.concatenate([query_features, gallery_features])
    return unit_rows(features) if metric == "cosine" else features


def neighbor_weights(features: FeatureMatrix, found: Neighbors, k1: int) -> SparseRows:
    """Compute the weights of each image's k-reciprocal neighbors, (N, N); rows sum to 1."""
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
