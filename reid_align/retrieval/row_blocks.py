"""Blocks of rows of a feature matrix, converted to float32."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

Values: TypeAlias = NDArray[np.float32] | NDArray[np.float16]

# 32 MiB of float32: a product of blocks runs at full speed, and the buffers stay small.
_VALUES_PER_BLOCK = 2**23


def row_blocks(
    values: Values, block_size: int | None = None
) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
    """Yield first row, block and norms of consecutive rows.

    The blocks share one buffer: each is valid until the next one. PyTorch converts float16 several
    times as fast as NumPy.

    Args:
        values: (N, D) float32 or float16, in memory or memory-mapped.
        block_size: rows per block; None fills 32 MiB.

    Yields:
        The first row; the block, (B, D) float32; the norm of each row, (B,) float32, NaN or
        infinity for a row that is not finite or too large.
    """
    count, dimensions = values.shape
    step = max(1, min(count, block_size or _VALUES_PER_BLOCK // dimensions))
    buffer = torch.empty(step, dimensions)
    halves = torch.empty(step, dimensions, dtype=torch.float16)
    for start in range(0, count, step):
        part = values[start : start + step]
        block = buffer[: len(part)]
        if values.dtype == np.float16:
            # Copied first: PyTorch warns about a read-only memory map.
            np.copyto(halves[: len(part)].numpy(), part)
            block.copy_(halves[: len(part)])
        else:
            np.copyto(block.numpy(), part)
        yield start, block.numpy(), torch.linalg.vector_norm(block, dim=1).numpy()
