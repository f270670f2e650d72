"""Average linkage up to a threshold, in memory that grows linearly with the number of items.

The mean distance of the pairs of two clusters is one minus the product of their mean vectors, so
that no distances are stored. Clusters that are each other's nearest merge, all at once (Sumengen et
al., 2021, "Scaling hierarchical agglomerative clustering to billion-sized datasets"). Average
linkage never moves a cluster closer to a third one than its parts were: the result is that of
merging the closest two clusters one pair after the other, apart from ties.
"""

import numpy as np
from numpy.typing import NDArray

_PRODUCTS_PER_BLOCK = 2**25
_Integers = NDArray[np.int64]


def merge_reciprocal(means: NDArray[np.float32], threshold: float) -> _Integers:
    """Return the cluster of each item, (N,) int64, numbered from 0 in no special order.

    Args:
        means: (N, D) float32, mean of the unit vectors of each item; not modified.
        threshold: largest mean distance of two clusters that are merged.
    """
    count = len(means)
    means, sizes = means.copy(), np.ones(count, np.int64)
    parents = np.arange(count)
    nearest, distances = np.zeros(count, np.int64), np.full(count, np.inf, np.float32)
    active = outdated = np.arange(count)
    while len(active) > 1:
        _find_nearest(means, active, outdated, nearest, distances)
        # A cluster without a neighbor at the threshold never gets one.
        active = active[distances[active] <= threshold]
        first, second = _pairs(active, nearest, distances)
        if not len(first):
            break
        weights = (sizes[second] / (sizes[first] + sizes[second])).astype(np.float32)[:, None]
        means[first] += weights * (means[second] - means[first])
        sizes[first] += sizes[second]
        parents[second] = first
        merged = np.zeros(count, bool)
        merged[first] = merged[second] = True
        active = active[parents[active] == active]
        outdated = active[merged[active] | merged[nearest[active]]]
    return _roots(parents)


def _find_nearest(
    means: NDArray[np.float32],
    active: _Integers,
    outdated: _Integers,
    nearest: _Integers,
    distances: NDArray[np.float32],
) -> None:
    """Update the nearest active cluster of the outdated ones, and its distance."""
    candidates = means if len(active) == len(means) else means[active]
    step = max(1, _PRODUCTS_PER_BLOCK // len(active))
    for start in range(0, len(outdated), step):
        rows = outdated[start : start + step]
        products = means[rows] @ candidates.T
        products[np.arange(len(rows)), np.searchsorted(active, rows)] = -np.inf
        best = products.argmax(axis=1)
        nearest[rows] = active[best]
        distances[rows] = np.maximum(1 - products[np.arange(len(rows)), best], 0)


def _pairs(
    active: _Integers, nearest: _Integers, distances: NDArray[np.float32]
) -> tuple[_Integers, _Integers]:
    """Return the pairs of clusters that are each other's nearest, the smaller number first."""
    mutual = active[(nearest[nearest[active]] == active) & (active < nearest[active])]
    if not len(mutual) and len(active):
        # Rounding of equal distances can hide the closest pair.
        closest = active[np.argmin(distances[active])]
        pair = np.sort(np.array([closest, nearest[closest]]))
        return pair[:1], pair[1:]
    return mutual, nearest[mutual]


def _roots(parents: _Integers) -> _Integers:
    """Return the number of the tree of each item."""
    while not np.array_equal(parents[parents], parents):
        parents = parents[parents]
    return np.unique(parents, return_inverse=True)[1].astype(np.int64)
