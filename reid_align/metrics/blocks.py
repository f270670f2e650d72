"""A table of distances that is computed a block of queries at a time, so that it need not exist."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError

# 128 MiB of float32: as large as a matrix product needs to be fast, small beside the features.
_VALUES_PER_BLOCK = 2**25
_MOST_QUERIES_PER_BLOCK = 512
# 4 MiB: what is only copied had better stay in the cache.
_VALUES_PER_COPY = 2**20


class DistanceBlock(NamedTuple):
    """The distances of the queries ``start``, ``start + 1``, … to the whole gallery, (B, G)."""

    start: int
    distances: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DistanceBlocks:
    """Distances from Q queries to G gallery items; iterating yields blocks of queries in order.

    It can be read any number of times, and computes anew each time. Every block is a fresh array
    that the reader may overwrite. Without queries there is no block; without gallery items the
    blocks have no columns.

    Args:
        shape: (Q, G).
        rows: returns the distances of the queries [start, stop), (stop - start, G) float32, in an
            array of its own.
        block_size: queries in a block; None takes as many as 128 MiB of distances hold, between
            1 and 512.

    Raises:
        InvalidInputError: the block size is below 1.
    """

    shape: tuple[int, int]
    rows: Callable[[int, int], NDArray[np.float32]]
    block_size: int | None = None

    def __post_init__(self) -> None:
        if self.block_size is not None and self.block_size < 1:
            raise InvalidInputError(
                f"block_size {self.block_size}: give the number of queries in a block, at least 1, "
                "or None for a size that suits the gallery."
            )

    def __iter__(self) -> Iterator[DistanceBlock]:
        queries, gallery = self.shape
        step = self.block_size or min(_fitting(gallery, _VALUES_PER_BLOCK), _MOST_QUERIES_PER_BLOCK)
        for start in range(0, queries, step):
            yield DistanceBlock(start, self.rows(start, min(start + step, queries)))

    def matrix(self) -> NDArray[np.float32]:
        """Return all distances at once, (Q, G) float32; for small sets."""
        whole = np.empty(self.shape, np.float32)
        for start, distances in self:
            whole[start : start + len(distances)] = distances
        return whole


def matrix_blocks(
    distances: NDArray[np.float32], *, block_size: int | None = None
) -> DistanceBlocks:
    """Read a table of distances that exists already, also a memory-mapped one, block by block.

    Args:
        distances: (Q, G) float32, smaller is more alike. It is never written to.
        block_size: queries in a block; None takes as many as 4 MiB of distances hold.

    Raises:
        InvalidInputError: not a (Q, G) float32 table, or, when its block is read, a value that is
            not finite.
    """
    if distances.ndim != 2 or distances.dtype != np.float32:
        raise InvalidInputError(
            f"A distance table of shape {distances.shape} and type {distances.dtype}: give "
            "(queries, gallery) numbers of type float32, for instance with .astype(np.float32)."
        )

    def rows(start: int, stop: int) -> NDArray[np.float32]:
        block = np.array(distances[start:stop])
        if not np.isfinite(block).all():
            raise InvalidInputError(
                f"The distance table holds NaN or infinity between the queries {start} and "
                f"{stop - 1}: every distance must be finite. Exclusions belong to the protocol."
            )
        return block

    queries, gallery = distances.shape
    if block_size is None:
        block_size = _fitting(gallery, _VALUES_PER_COPY)
    return DistanceBlocks((queries, gallery), rows, block_size)


def _fitting(columns: int, values: int) -> int:
    """Return how many rows so many values fill, at least 1."""
    return max(1, values // max(1, columns))
