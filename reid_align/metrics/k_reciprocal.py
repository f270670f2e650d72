"""Expanded k-reciprocal neighbors: who is mutually near, and who is so by a common friend."""

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics._ragged import Indices

_VALUES_AT_ONCE = 2**24


def reciprocal_pairs(nearest: Indices, half: int) -> tuple[Indices, Indices]:
    """Find the expanded k-reciprocal neighbors of every item.

    Items are reciprocal if each is among the other's nearest. The set of an item is expanded by the
    reciprocal set, within the ``half`` nearest, of each of its members if more than 2/3 of that set
    are in the item's own.

    Args:
        nearest: (N, K) int64, the nearest items of every item by ascending distance, as Neighbors.
        half: how many of the nearest the members' own sets are taken from, from 1 to K.

    Returns:
        Item and member of every pair, both (P,), ascending.

    Source: Zhong et al., arXiv:1701.08398. Where the paper expands from 2/3 on, the authors' code
    expands above 2/3; this follows the code.
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
    """Tell, (N, K), of which of its nearest every item is among the nearest itself."""
    mutual = np.empty(nearest.shape, np.bool_)
    for start in range(0, len(nearest), step):
        items = np.arange(start, min(start + step, len(nearest)))[:, None, None]
        mutual[start : start + step] = (nearest[nearest[start : start + step]] == items).any(axis=2)
    return mutual
