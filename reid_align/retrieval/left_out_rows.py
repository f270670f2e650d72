"""Gallery rows that a search leaves out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Groups(NamedTuple):
    """Group numbers of the queries, (Q,) int64, and of the gallery rows, (N,) int64; -1: none."""

    query: NDArray[np.int64]
    gallery: NDArray[np.int64]


class LeftOut(NamedTuple):
    """Rows that are left out of the search.

    Attributes:
        allowed: (N,) bool, the rows to search; None for all.
        groups: groups of queries and rows; rows of the query's group are left out.
        excluded: (P, 2) int64, pairs of a query and a row.
    """

    allowed: NDArray[np.bool_] | None
    groups: Groups | None
    excluded: NDArray[np.int64] | None

    def mark(self, start: int, distances: NDArray[np.float32]) -> None:
        """Set the distances (Q, B) to the rows ``start``, … that are left out to infinity."""
        stop = start + distances.shape[1]
        if self.allowed is not None:
            distances[:, ~self.allowed[start:stop]] = np.inf
        if self.groups is not None:
            query = self.groups.query[:, None]
            distances[(query == self.groups.gallery[start:stop]) & (query >= 0)] = np.inf
        if self.excluded is not None:
            inside = (self.excluded[:, 1] >= start) & (self.excluded[:, 1] < stop)
            query_index, row = self.excluded[inside].T
            distances[query_index, row - start] = np.inf

    def of_queries(self, start: int, stop: int) -> "LeftOut":
        """Return the rows that are left out for the queries [start, stop)."""
        groups, excluded = self.groups, self.excluded
        if groups is not None:
            groups = Groups(groups.query[start:stop], groups.gallery)
        if excluded is not None:
            inside = (excluded[:, 0] >= start) & (excluded[:, 0] < stop)
            excluded = np.asarray(excluded[inside] - np.array([start, 0]))
        return LeftOut(self.allowed, groups, excluded)
