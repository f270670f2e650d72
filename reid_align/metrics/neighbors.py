"""K nearest neighbors within one set of features, without an N×N matrix."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.metrics.matrix_products import (
    FeatureMatrix,
    operand,
    product,
    squared_norms,
    to_squared_distances,
)
from reid_align.metrics.ragged_arrays import Indices

_TILE = 2048


class Neighbors(NamedTuple):
    """Nearest and farthest neighbors of each item.

    Args:
        nearest: (N, K) int64, the item itself and its K - 1 nearest other items by ascending
            distance; ties by ascending index.
        farthest: (N,) float64, squared Euclidean distance to the farthest item.
    """

    nearest: Indices
    farthest: NDArray[np.float64]


def neighbors(features: FeatureMatrix, count: int, device: str | torch.device = "cpu") -> Neighbors:
    """Find the ``count`` nearest items of each item by Euclidean distance.

    Computes each tile of the symmetric distance matrix once and uses it for rows and columns.

    Args:
        features: (N, D) float32.
        count: K, 1 to N.
        device: device of the matrix products.
    """
    size, operands = len(features), operand(features, device)
    squares = squared_norms(features)
    found = _Found(size, count)
    for top in range(0, size, _TILE):
        for left in range(top, size, _TILE):
            rows, columns = slice(top, top + _TILE), slice(left, left + _TILE)
            tile = product(operands[rows], operands[columns])
            to_squared_distances(tile, squares[rows], squares[columns])
            if left == top:
                # Below any distance: each item is its first neighbor, even if it has duplicates.
                np.fill_diagonal(tile, -1)
            found.merge(top, left, tile)
            if left > top:
                found.merge(left, top, tile.T)
    return Neighbors(found.items, found.farthest.astype(np.float64))


class _Found:
    """Running K nearest items. Tiles must be merged in ascending order for each item."""

    def __init__(self, size: int, count: int) -> None:
        self.items = np.zeros((size, count), np.int64)
        self.distances = np.full((size, count), np.inf, np.float32)
        self.farthest = np.zeros(size, np.float32)

    def merge(self, top: int, left: int, tile: FeatureMatrix) -> None:
        """Merge the distances from the items ``top``, … to the items ``left``, …."""
        here, count = slice(top, top + len(tile)), self.items.shape[1]
        np.maximum(self.farthest[here], tile.max(axis=1), out=self.farthest[here])
        rows, columns = _candidates(tile, self.distances[here, -1:], count)
        distances = np.concatenate([self.distances[here].ravel(), tile[rows, columns]])
        items = np.concatenate([self.items[here].ravel(), left + columns])
        rows = np.concatenate([np.repeat(np.arange(len(tile)), count), rows])
        # The sort is stable and earlier tiles have lower indices: ties stay sorted by index.
        order = np.lexsort((distances, rows))
        starts = rows[order].searchsorted(np.arange(len(tile)))
        chosen = order[starts[:, None] + np.arange(count)]
        self.items[here], self.distances[here] = items[chosen], distances[chosen]


def _candidates(tile: FeatureMatrix, limits: FeatureMatrix, count: int) -> tuple[Indices, Indices]:
    """Return rows and columns that may be among the ``count`` nearest, by column within a row."""
    if np.isinf(limits).any() and tile.shape[1] > count:
        within = tile <= np.partition(tile, count - 1, axis=1)[:, count - 1 : count]
    else:
        within = tile < limits
    if within.flags.c_contiguous:
        return np.divmod(np.flatnonzero(within), tile.shape[1])
    columns, rows = np.divmod(np.flatnonzero(within.T), tile.shape[0])
    return rows, columns
