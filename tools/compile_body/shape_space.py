"""Principal components of the sampled bodies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ShapeSpace:
    """Linear model of points in meters: ``mean + coefficients @ (scale * basis)``.

    Attributes:
        mean: (P, 3) float32.
        basis: (K, P, 3) int8 directions divided by ``scale``.
        scale: (K,) float32.
        coefficients: (N, K) float16, one row per sampled body.
    """

    mean: NDArray[np.float32]
    basis: NDArray[np.int8]
    scale: NDArray[np.float32]
    coefficients: NDArray[np.float16]


def fit_shapes(points: NDArray[np.float32], components: int) -> ShapeSpace:
    """Fit principal components to (N, P, 3) points and round them to int8.

    The coefficients are fitted to the rounded basis, which keeps the rounding error small.
    """
    flat = points.reshape(len(points), -1)
    mean = flat.mean(0)
    centered = flat - mean
    # There are fewer bodies than coordinates, so the Gram matrix is the smaller problem.
    _, vectors = np.linalg.eigh(centered @ centered.T)
    directions = vectors[:, : -components - 1 : -1].T @ centered
    scale = np.abs(directions).max(1) / 127
    rounded = np.round(directions / scale[:, None])
    basis = rounded * scale[:, None]
    coefficients = np.linalg.lstsq(basis.T, centered.T, rcond=None)[0].T
    # Unit deviation, for the precision of float16.
    size = coefficients.std(0)
    shape = (components, *points.shape[1:])
    return ShapeSpace(
        mean.reshape(points.shape[1:]).astype(np.float32),
        rounded.astype(np.int8).reshape(shape),
        (scale * size).astype(np.float32),
        (coefficients / size).astype(np.float16),
    )


def largest_weights(
    weights: NDArray[np.float32], count: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return bone indices and weights, (V, count) uint8; each row of weights sums to 255."""
    order = np.argsort(-weights, 1, kind="stable")[:, :count]
    kept = np.take_along_axis(weights, order, 1)
    kept = np.round(kept / kept.sum(1, keepdims=True) * 255)
    kept[:, 0] += 255 - kept.sum(1)
    return order.astype(np.uint8), kept.astype(np.uint8)
