"""Clusters of images or tracklets by average linkage, with a distance threshold.

Average linkage merges two clusters if the mean distance of their image pairs is at most the
threshold. It needs no number of clusters, its threshold has the scale of a calibrated pair
distance, and single wrong pairs do not chain two identities together as in DBSCAN and single
linkage.
"""

import numpy as np
from numpy.typing import NDArray

from reid_align.checks import at_least_zero
from reid_align.clustering.reciprocal_merging import merge_reciprocal
from reid_align.errors import InvalidInputError
from reid_align.metrics.distance import feature_norms

Clusters = NDArray[np.int64]


def cluster_features(
    features: NDArray[np.float32],
    threshold: float,
    tracks: NDArray[np.int64] | None = None,
) -> Clusters:
    """Group images into identities.

    The memory grows with the number of items, the time with its square.

    Args:
        features: (N, D) float32.
        threshold: largest mean cosine distance of two clusters that are merged, at least 0.
        tracks: tracklet of each image, (N,) int64; images of a tracklet stay together, and its
            items are then the tracklets. Negative: an image without a tracklet.

    Returns:
        Identity of each image, (N,) int64, numbered from 0, the identity with most images first.

    Raises:
        InvalidInputError: features that are not finite, or a threshold below 0.
    """
    at_least_zero("threshold", threshold)
    if not len(features):
        return np.zeros(0, np.int64)
    items = _items(len(features), tracks)
    means = _means(features, items)
    clusters = merge_reciprocal(means, threshold)[items]
    sizes = np.bincount(clusters)
    order = np.argsort(-sizes, kind="stable")
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    result: Clusters = ranks[clusters]
    return result


def _items(count: int, tracks: NDArray[np.int64] | None) -> Clusters:
    """Number the items: each tracklet, and each image without one."""
    if tracks is None:
        return np.arange(count)
    if len(tracks) != count:
        raise InvalidInputError(f"Got {count} features and {len(tracks)} tracks.")
    keys = np.where(tracks < 0, -1 - np.arange(count), tracks)
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)


def _means(features: NDArray[np.float32], items: Clusters) -> NDArray[np.float32]:
    """Return the mean of the unit feature vectors of each item.

    One minus the product of two means is the mean distance of their image pairs.
    """
    norms, _ = feature_norms(features, features)
    scales = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0).astype(np.float32)
    sizes = np.bincount(items)
    if len(sizes) == len(features):
        sums = np.empty_like(features)
        sums[items] = features * scales[:, None]
        return sums
    sums = np.zeros((len(sizes), features.shape[1]), np.float32)
    np.add.at(sums, items, features * scales[:, None])
    sums /= sizes[:, None].astype(np.float32)
    return sums
