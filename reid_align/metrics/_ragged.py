"""Rows of unequal length, kept flat: the index computations that all sparse code here shares."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def concatenated_ranges(first: Indices, counts: Indices) -> tuple[Indices, Indices]:
    """Write out the ranges [first, first + count) one after the other.

    Args:
        first: where each range begins, (R,).
        counts: how long each range is, (R,); zero is allowed.

    Returns:
        For every element of every range: which range it belongs to, and its value; both
        (sum of counts,).
    """
    which = np.repeat(np.arange(len(counts)), counts)
    begins = np.cumsum(counts) - counts
    return which, np.arange(len(which)) + (first - begins)[which]


class IdLookup:
    """Finds every place at which an array, (N,) int64, holds an id."""

    def __init__(self, ids: Indices) -> None:
        self._order = np.argsort(ids, kind="stable")
        self._sorted = ids[self._order]

    def pairs(self, wanted: Indices) -> tuple[Indices, Indices]:
        """Return (index into ``wanted``, place of the same id) of all such pairs, ascending."""
        first = self._sorted.searchsorted(wanted)
        counts = self._sorted.searchsorted(wanted, side="right") - first
        which, places = concatenated_ranges(first, counts)
        return which, self._order[places]
