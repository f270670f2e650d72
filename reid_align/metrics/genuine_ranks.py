"""Ranks of the genuine pairs, computed without sorting the whole gallery."""

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics.protocols import MatchedBlock
from reid_align.metrics.ragged_arrays import Indices

# Sorting n numbers costs about as much as n / 128 comparisons of one number with all n; measured on
# galleries of 16,000 to 82,000 images, with and without SIMD sorting.
_SORTING_COST = 128


def genuine_ranks(block: MatchedBlock) -> Indices:
    """Return the rank, from 1, of each genuine pair of a block, in the order of its pairs."""
    ranks = np.empty(len(block.rows), np.int64)
    bounds = block.rows.searchsorted(np.arange(len(block.distances) + 1)).tolist()
    for row, begin, end in zip(block.distances, bounds, bounds[1:], strict=False):
        if begin < end:
            ranks[begin:end] = _ranks(row, block.columns[begin:end])
    return ranks


def _ranks(row: NDArray[np.float32], columns: Indices) -> Indices:
    """Return the ranks of some columns, by the cheaper of two methods.

    Only distances up to the largest requested one matter. If these are few, sort them; if they
    are most of a long row, count the smaller ones for each column.
    """
    wanted = row[columns]
    near = row <= wanted.max()
    if np.count_nonzero(near) * _SORTING_COST > row.size * columns.size:
        return np.array([_rank(row, column) for column in columns.tolist()])
    ascending = np.sort(row[near])
    ranks = ascending.searchsorted(wanted, side="right")
    # For a distance that occurs once, the right insertion point is the rank.
    for tied in np.flatnonzero(ascending.searchsorted(wanted) + 1 < ranks):
        ranks[tied] = _rank(row, int(columns[tied]))
    return ranks


def _rank(row: NDArray[np.float32], column: int) -> int:
    """Count the smaller distances, and the equal ones up to and including the column."""
    distance = row[column]
    ahead = np.count_nonzero(row[: column + 1] <= distance)
    return int(ahead + np.count_nonzero(row[column + 1 :] < distance))
