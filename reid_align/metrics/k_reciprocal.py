"""k-reciprocal neighbor sets and their expansion."""

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics.ragged_arrays import Indices

_VALUES_AT_ONCE = 2**24


def reciprocal_pairs(nearest: Indices, half: int) -> tuple[Indices, Indices]:
    """Find the expanded k-reciprocal neighbor set of each item.

    Two items are reciprocal if each is among the K nearest of the other. The set R of an item is
    expanded with the reciprocal set of each member (computed within the ``half`` nearest) if more
    than 2/3 of that set are in R.

    Args:
        nearest: (N, K) int64, nearest items by ascending distance, see `Neighbors`.
        half: number of nearest items for the sets of the members, 1 to K.

    Returns:
        Item and member of each pair, both (P,), ascending.

    Source: Zhong et al., arXiv:1701.08398, section 3.2. The paper expands at 2/3 or more,
    the authors' code above 2/3; this follows the code.
    """
    size, count = nearest.shape
    step = max(1, _VALUES_AT_ONCE // max(1, count * half * count))
    halves = nearest[:, :half]
    mutual, half_mutual = _mutual(nearest, step), _mutual(halves, step)
    pairs = [np.empty(0, np.int64)]
    for start in range(0, size, step):
        items = np.arange(start, min(start + step, size))
        members, in_set = nearest[items], mutual[items]
        theirs = halves[members]
        in_theirs = half_mutual[members] & in_set[..., None]
        own = np.where(in_set, members, -1)
        shared = (theirs[..., None] == own[:, None, None, :]).any(axis=-1) & in_theirs
        accepted = 3 * shared.sum(axis=2) > 2 * in_theirs.sum(axis=2)
        in_theirs &= accepted[..., None]
        direct = (items[:, None] * size + members)[in_set]
        expanded = (items[:, None, None] * size + theirs)[in_theirs]
        pairs.append(np.unique(np.concatenate([direct, expanded])))
    return np.divmod(np.concatenate(pairs), max(size, 1))


def _mutual(nearest: Indices, step: int) -> NDArray[np.bool_]:
    """Return (N, K) bool: whether item n is among the nearest of its k-th nearest item."""
    mutual = np.empty(nearest.shape, np.bool_)
    for start in range(0, len(nearest), step):
        items = np.arange(start, min(start + step, len(nearest)))[:, None, None]
        mutual[start : start + step] = (nearest[nearest[start : start + step]] == items).any(axis=2)
    return mutual
