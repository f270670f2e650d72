"""A sparse table by rows: the little of it that re-ranking needs, so that it needs no SciPy."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics._ragged import Indices, concatenated_ranges

Weights = NDArray[np.float32]

_ROWS_AT_ONCE = 2048


class SparseRows(NamedTuple):
    """A table whose row r holds ``weights`` at ``columns``, both from starts[r] to starts[r + 1].

    Args:
        starts: (R + 1,) int64.
        columns: (E,) int64, each at most once in a row.
        weights: (E,) float32, not negative.
    """

    starts: Indices
    columns: Indices
    weights: Weights

    @classmethod
    def of(cls, rows: Indices, count: int, columns: Indices, weights: Weights) -> "SparseRows":
        """Build ``count`` rows from entries whose rows, (E,), ascend."""
        return cls(rows.searchsorted(np.arange(count + 1)), columns, weights)

    def entries(self, rows: Indices) -> tuple[Indices, Indices]:
        """Return which of ``rows`` each of their entries belongs to, and where the entry is."""
        first = self.starts[rows]
        return concatenated_ranges(first, self.starts[rows + 1] - first)

    def rows(self) -> Indices:
        """Return the row of every entry, (E,)."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def averaged(self, groups: Indices) -> "SparseRows":
        """Return a table of as many rows in which row r is the mean of the rows groups[r].

        Args:
            groups: (R, K) int64.
        """
        size, count = groups.shape
        keys, weights = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for start in range(0, size, _ROWS_AT_ONCE):
            which, entries = self.entries(groups[start : start + _ROWS_AT_ONCE].reshape(-1))
            places = (start + which // count) * size + self.columns[entries]
            distinct, place = np.unique(places, return_inverse=True)
            keys.append(distinct)
            means = np.bincount(place, self.weights[entries], len(distinct)) / count
            weights.append(means.astype(np.float32))
        rows, columns = np.divmod(np.concatenate(keys), max(size, 1))
        return SparseRows.of(rows, size, columns, np.concatenate(weights))

    def transposed(self, first_row: int) -> "SparseRows":
        """Return the transpose of the rows from ``first_row`` on, whose numbers start at 0."""
        kept = slice(self.starts[first_row], None)
        order = self.columns[kept].argsort(kind="stable")
        columns, rows = self.columns[kept][order], self.rows()[kept][order] - first_row
        return SparseRows.of(columns, len(self.starts) - 1, rows, self.weights[kept][order])

    def shared(self, row: int, others: "SparseRows", size: int) -> NDArray[np.float64]:
        """Return what a row shares with each of ``size`` rows: the sum of the smaller weights.

        Args:
            row: the number of the row.
            others: the transpose of the table that holds the ``size`` rows.
            size: their number.
        """
        own = slice(self.starts[row], self.starts[row + 1])
        which, entries = others.entries(self.columns[own])
        smaller = np.minimum(self.weights[own][which], others.weights[entries])
        return np.bincount(others.columns[entries], smaller, size).astype(np.float64)
