"""Query-by-gallery distances in blocks of queries; avoids the full distance matrix."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError

# 128 MiB of float32: large enough for a fast matrix product, small compared with the features.
_VALUES_PER_BLOCK = 2**25
_MOST_QUERIES_PER_BLOCK = 512
# 4 MiB: blocks that are only copied should stay in the cache.
_VALUES_PER_COPY = 2**20


class DistanceBlock(NamedTuple):
    """Distances from the queries ``start``, ``start + 1``, … to the whole gallery, (B, G)."""

    start: int
    distances: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DistanceBlocks:
    """Distances from Q queries to G gallery images; iterating yields blocks of queries in order.

    Each iteration computes the distances again. Each block is a new array that the caller may
    overwrite. Without queries there are no blocks; without a gallery the blocks have no columns.

    Args:
        shape: (Q, G).
        rows: function that computes the distances of the queries [start, stop) as a new array,
            (stop - start, G) float32.
        block_size: queries per block; None fills 128 MiB, with 1 to 512 queries.

    Raises:
        InvalidInputError: ``block_size`` is below 1.
    """

    shape: tuple[int, int]
    rows: Callable[[int, int], NDArray[np.float32]]
    block_size: int | None = None

    def __post_init__(self) -> None:
        if self.block_size is not None and self.block_size < 1:
            raise InvalidInputError(
                f"block_size is {self.block_size}. It must be at least 1, or None to choose it "
                "from the gallery size."
            )

    def __iter__(self) -> Iterator[DistanceBlock]:
        queries, gallery = self.shape
        step = self.block_size or min(_fitting(gallery, _VALUES_PER_BLOCK), _MOST_QUERIES_PER_BLOCK)
        for start in range(0, queries, step):
            yield DistanceBlock(start, self.rows(start, min(start + step, queries)))

    def matrix(self) -> NDArray[np.float32]:
        """Return the full distance matrix, (Q, G) float32; for small sets."""
        whole = np.empty(self.shape, np.float32)
        for start, distances in self:
            whole[start : start + len(distances)] = distances
        return whole


def matrix_blocks(
    distances: NDArray[np.float32], *, block_size: int | None = None
) -> DistanceBlocks:
    """Read an existing distance matrix, in memory or memory-mapped, in blocks of queries.

    Args:
        distances: (Q, G) float32; smaller means more similar. It is never written to.
        block_size: queries per block; None fills 4 MiB.

    Raises:
        InvalidInputError: not a (Q, G) float32 matrix, or, when a block is read, a value that is
            not finite.
    """
    if distances.ndim != 2 or distances.dtype != np.float32:
        raise InvalidInputError(
            f"The distance matrix has shape {distances.shape} and dtype {distances.dtype}. It must "
            "be (queries, gallery) float32. Convert it with .astype(np.float32)."
        )

    def rows(start: int, stop: int) -> NDArray[np.float32]:
        block = np.array(distances[start:stop])
        if not np.isfinite(block).all():
            raise InvalidInputError(
                f"The distance matrix contains NaN or infinity between the queries {start} and "
                f"{stop - 1}. All distances must be finite; use a protocol to exclude pairs."
            )
        return block

    queries, gallery = distances.shape
    if block_size is None:
        block_size = _fitting(gallery, _VALUES_PER_COPY)
    return DistanceBlocks((queries, gallery), rows, block_size)


def _fitting(columns: int, values: int) -> int:
    """Return the number of rows that ``values`` numbers fill, at least 1."""
    return max(1, values // max(1, columns))
