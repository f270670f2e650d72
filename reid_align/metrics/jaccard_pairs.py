"""Jaccard distance of k-reciprocal neighbors, for the close pairs of one set of images."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics.matrix_products import FeatureMatrix
from reid_align.metrics.neighbors import neighbors
from reid_align.metrics.ragged_arrays import Indices
from reid_align.metrics.rerank import neighbor_weights, unit_rows


class JaccardPairs(NamedTuple):
    """Pairs of images and their distance; each pair is listed in both orders.

    Attributes:
        rows: (P,) int64, ascending.
        columns: (P,) int64, ascending within a row.
        distances: (P,) float32 in [0, 1].
    """

    rows: Indices
    columns: Indices
    distances: NDArray[np.float32]


def jaccard_pairs(features: FeatureMatrix, limit: float, k1: int = 20) -> JaccardPairs:
    r"""Find the pairs of different images with a Jaccard distance of at most ``limit``.

    The distance is :math:`1 - \sum_k \min(w_{ik}, w_{jk}) / \sum_k \max(w_{ik}, w_{jk})`, where
    :math:`w_i` has the weights of the k-reciprocal neighbors of image i. It is 1 for images without
    a common neighbor. No N×N matrix is stored.

    Args:
        features: (N, D) float32; scaled to norm 1 here.
        limit: largest distance, below 1.
        k1: number of neighbors for reciprocity, at least 1; 3/10 of them, at least 1, are averaged
            for the weights of an image (k2).

    Raises:
        InvalidInputError: features that are not finite.

    Source: Zhong et al., arXiv:1701.08398, equation 10.
    """
    if not len(features):
        empty: Indices = np.empty(0, np.int64)
        return JaccardPairs(empty, empty, np.empty(0, np.float32))
    features = unit_rows(features)
    found = neighbors(features, min(k1 + 1, len(features)), "cpu")
    k2 = max(1, round(0.3 * k1))
    weights = neighbor_weights(features, found, k1).averaged(found.nearest[:, :k2])
    holders = weights.transposed(0)
    rows, columns, distances = [], [], []
    for row in range(len(features)):
        shared = np.minimum(weights.shared(row, holders, len(features)), 1)
        distance = 1 - shared / (2 - shared)
        distance[row] = np.inf
        near = np.flatnonzero(distance <= limit)
        rows.append(np.full(len(near), row, np.int64))
        columns.append(near)
        distances.append(distance[near].astype(np.float32))
    return JaccardPairs(*(np.concatenate(each) for each in (rows, columns, distances)))
