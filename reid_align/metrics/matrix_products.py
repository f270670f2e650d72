"""Matrix products of features on any device, and their conversion to distances."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FeatureMatrix = NDArray[np.float32]
Operand = FeatureMatrix | Tensor

# 256 KiB of float32: several passes read the same part, which should stay in the cache.
_VALUES_PER_PART = 2**16


def operand(features: FeatureMatrix, device: str | torch.device) -> Operand:
    """Place features, (N, D), on the device that computes their products.

    On the CPU they stay a NumPy array: NumPy multiplies a memory map without copying it, and its
    product was 1.5 times as fast as torch's on an AMD processor.
    """
    target = torch.device(device)
    return features if target.type == "cpu" else torch.tensor(features, device=target)


def product(left: Operand, right: Operand) -> FeatureMatrix:
    """Multiply (L, D) with the transpose of (R, D), on the device of ``right``; (L, R) float32."""
    if isinstance(right, Tensor):
        rows = left if isinstance(left, Tensor) else torch.tensor(left, device=right.device)
        return (rows @ right.T).cpu().numpy()
    return np.asarray(left @ right.T)


def to_cosine_distances(products: FeatureMatrix, column_reciprocals: FeatureMatrix) -> None:
    """Convert products to cosine distances, in place.

    Args:
        products: (R, C), of rows with norm 1.
        column_reciprocals: (C,), 1 / norm of each column vector.
    """
    for here in _row_parts(products):
        part = products[here]
        part *= column_reciprocals
        np.subtract(1, part, out=part)
        np.maximum(part, 0, out=part)


def to_squared_distances(
    products: FeatureMatrix, row_squares: FeatureMatrix, column_squares: FeatureMatrix
) -> None:
    """Convert products, (R, C), to squared Euclidean distances, in place.

    Args:
        products: (R, C).
        row_squares: (R,), squared norms of the row vectors.
        column_squares: (C,), squared norms of the column vectors.
    """
    for here in _row_parts(products):
        part = products[here]
        part *= -2
        part += column_squares
        part += row_squares[here, None]
        np.maximum(part, 0, out=part)


def squared_norms(features: FeatureMatrix) -> FeatureMatrix:
    """Compute the squared norm of each row, (N,) float32."""
    return np.asarray(np.einsum("ij,ij->i", features, features, dtype=np.float64), np.float32)


def reciprocals(values: NDArray[np.float64]) -> FeatureMatrix:
    """Compute 1 / value for values >= 0; 0 where the reciprocal overflows float32."""
    inverse = np.zeros(values.shape)
    np.divide(1, values, out=inverse, where=values >= np.finfo(np.float32).tiny)
    return inverse.astype(np.float32)


def _row_parts(table: FeatureMatrix) -> Iterator[slice]:
    step = max(1, _VALUES_PER_PART // max(1, table.shape[1]))
    for start in range(0, len(table), step):
        yield slice(start, start + step)
