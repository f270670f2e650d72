"""Index arithmetic for ragged arrays: rows of unequal length in one flat array."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def concatenated_ranges(first: Indices, counts: Indices) -> tuple[Indices, Indices]:
    """Concatenate the ranges [first, first + count).

    Args:
        first: start of each range, (R,).
        counts: length of each range, (R,); zero is allowed.

    Returns:
        The range index and the value of each element, both (sum of counts,).
    """
    which = np.repeat(np.arange(len(counts)), counts)
    begins = np.cumsum(counts) - counts
    return which, np.arange(len(which)) + (first - begins)[which]


class IdLookup:
    """Looks up all positions of an id in an array, (N,) int64."""

    def __init__(self, ids: Indices) -> None:
        self._order = np.argsort(ids, kind="stable")
        self._sorted = ids[self._order]

    def pairs(self, wanted: Indices) -> tuple[Indices, Indices]:
        """Return all pairs (index into ``wanted``, position of the same id), ascending."""
        first = self._sorted.searchsorted(wanted)
        counts = self._sorted.searchsorted(wanted, side="right") - first
        which, places = concatenated_ranges(first, counts)
        return which, self._order[places]
