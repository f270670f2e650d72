"""Sparse row matrix with the operations that re-ranking needs, without SciPy."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics.ragged_arrays import Indices, concatenated_ranges

Weights = NDArray[np.float32]

_ROWS_AT_ONCE = 2048


class SparseRows(NamedTuple):
    """Matrix in CSR layout: row r has the entries starts[r] to starts[r + 1].

    Args:
        starts: (R + 1,) int64.
        columns: (E,) int64, distinct within a row.
        weights: (E,) float32, non-negative.
    """

    starts: Indices
    columns: Indices
    weights: Weights

    @classmethod
    def of(cls, rows: Indices, count: int, columns: Indices, weights: Weights) -> "SparseRows":
        """Build a matrix of ``count`` rows from entries sorted by row, ``rows`` (E,)."""
        return cls(rows.searchsorted(np.arange(count + 1)), columns, weights)

    def entries(self, rows: Indices) -> tuple[Indices, Indices]:
        """Return, for each entry of the given rows, its index into ``rows`` and its position."""
        first = self.starts[rows]
        return concatenated_ranges(first, self.starts[rows + 1] - first)

    def rows(self) -> Indices:
        """Return the row of each entry, (E,)."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def averaged(self, groups: Indices) -> "SparseRows":
        """Return the matrix in which row r is the mean of the rows groups[r], (R, K) int64."""
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
        """Transpose the rows from ``first_row`` on; they become the columns 0, 1, …."""
        kept = slice(self.starts[first_row], None)
        order = self.columns[kept].argsort(kind="stable")
        columns, rows = self.columns[kept][order], self.rows()[kept][order] - first_row
        return SparseRows.of(columns, len(self.starts) - 1, rows, self.weights[kept][order])

    def shared(self, row: int, others: "SparseRows", size: int) -> NDArray[np.float64]:
        """Sum the elementwise minimum of one row and each of ``size`` other rows, (size,).

        Args:
            row: index of the row.
            others: transpose of the matrix with the ``size`` rows.
            size: number of other rows.
        """
        own = slice(self.starts[row], self.starts[row + 1])
        which, entries = others.entries(self.columns[own])
        smaller = np.minimum(self.weights[own][which], others.weights[entries])
        return np.bincount(others.columns[entries], smaller, size).astype(np.float64)
