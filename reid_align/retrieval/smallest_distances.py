"""Running smallest distances of each query, over blocks of gallery rows."""

import numpy as np
from numpy.typing import NDArray


class SmallestDistances:
    """Running ``count`` smallest distances per query. Blocks are merged in ascending order.

    Attributes:
        rows: (Q, count) int64, ascending by distance, then by row; -1 for none.
        distances: (Q, count) float32; infinity for none.
    """

    def __init__(self, queries: int, count: int) -> None:
        self.rows = np.full((queries, count), -1, np.int64)
        self.distances = np.full((queries, count), np.inf, np.float32)

    def merge(self, start: int, distances: NDArray[np.float32]) -> None:
        """Merge distances (Q, B) to the rows ``start``, ``start + 1``, …."""
        count = self.rows.shape[1]
        limits = self.distances[:, -1:]
        if np.isinf(limits).any() and distances.shape[1] > count:
            near = np.partition(distances, count - 1, axis=1)[:, count - 1 : count]
            # A later row that ties with the limit does not replace an earlier one.
            limits = np.minimum(np.nextafter(near, np.float32(np.inf)), limits)
        query, column = np.nonzero(distances < limits)
        old_query = np.repeat(np.arange(len(distances)), count)
        query_of = np.concatenate([old_query, query])
        values = np.concatenate([self.distances.ravel(), distances[query, column]])
        rows = np.concatenate([self.rows.ravel(), start + column])
        # The sort is stable, and rows of earlier blocks come first: ties stay sorted by row.
        order = np.lexsort((values, query_of))
        starts = query_of[order].searchsorted(np.arange(len(distances)))
        chosen = order[starts[:, None] + np.arange(count)]
        self.rows, self.distances = rows[chosen], values[chosen]
