"""Matrix products of features, on whichever device, and distances made of them."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Features = NDArray[np.float32]
Operand = Features | Tensor

# 256 KiB of float32: what several passes go over had better stay in the cache.
_VALUES_PER_PART = 2**16


def operand(features: Features, device: str | torch.device) -> Operand:
    """Return features, (N, D), where their products are to be computed.

    For the CPU they stay a numpy array: NumPy reads a memory map where it lies, and its product
    was faster than torch's, 1.5 times on an AMD processor.
    """
    wanted = torch.device(device)
    return features if wanted.type == "cpu" else torch.tensor(features, device=wanted)


def product(left: Operand, right: Operand) -> Features:
    """Multiply (L, D) with the transpose of (R, D), on the device of ``right``; (L, R) float32."""
    if isinstance(right, Tensor):
        rows = left if isinstance(left, Tensor) else torch.tensor(left, device=right.device)
        return (rows @ right.T).cpu().numpy()
    return np.asarray(left @ right.T)


def to_cosine_distances(products: Features, column_reciprocals: Features) -> None:
    """Turn products into cosine distances, in place.

    Args:
        products: (R, C), of rows that are scaled to norm 1.
        column_reciprocals: (C,), 1 over the norms of the columns.
    """
    for here in _row_parts(products):
        part = products[here]
        part *= column_reciprocals
        np.subtract(1, part, out=part)
        np.maximum(part, 0, out=part)


def to_squared_distances(
    products: Features, row_squares: Features, column_squares: Features
) -> None:
    """Turn products, (R, C), into squared Euclidean distances, in place.

    Args:
        products: (R, C).
        row_squares: (R,), the squared norms of the rows.
        column_squares: (C,), the squared norms of the columns.
    """
    for here in _row_parts(products):
        part = products[here]
        part *= -2
        part += column_squares
        part += row_squares[here, None]
        np.maximum(part, 0, out=part)


def squared_norms(features: Features) -> Features:
    """Return the squared norm of every row, (N,) float32."""
    return np.asarray(np.einsum("ij,ij->i", features, features, dtype=np.float64), np.float32)


def reciprocals(values: NDArray[np.float64]) -> Features:
    """Return 1 / value for values >= 0, and 0 for those too small to have one in float32."""
    inverse = np.zeros(values.shape)
    np.divide(1, values, out=inverse, where=values >= np.finfo(np.float32).tiny)
    return inverse.astype(np.float32)


def _row_parts(table: Features) -> Iterator[slice]:
    step = max(1, _VALUES_PER_PART // max(1, table.shape[1]))
    for start in range(0, len(table), step):
        yield slice(start, start + step)
