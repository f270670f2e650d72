"""Reduces the sampled bodies to a mean and a few symmetric directions of variation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ShapeSpace:
    """A linear model of points: ``mean + coefficients @ (scale * basis)``, in meters.

    Attributes:
        mean: (P, 3) float32.
        basis: (K, P, 3) int8, each direction divided by its ``scale``.
        scale: (K,) float32.
        coefficients: (N, K) float16, one row for every sampled body.
    """

    mean: NDArray[np.float32]
    basis: NDArray[np.int8]
    scale: NDArray[np.float32]
    coefficients: NDArray[np.float16]


def fit_shapes(points: NDArray[np.float32], components: int) -> ShapeSpace:
    """Fit the principal components of (N, P, 3) points and round them to bytes.

    The coefficients belong to the rounded basis, so that rounding costs almost nothing.
    """
    flat = points.reshape(len(points), -1)
    mean = flat.mean(0)
    centerd = flat - mean
    # Bodies are fewer than coordinates: the small Gram matrix has the same components.
    _, vectors = np.linalg.eigh(centerd @ centerd.T)
    directions = vectors[:, : -components - 1 : -1].T @ centerd
    scale = np.abs(directions).max(1) / 127
    rounded = np.round(directions / scale[:, None])
    basis = rounded * scale[:, None]
    coefficients = np.linalg.lstsq(basis.T, centerd.T, rcond=None)[0].T
    # Float16 is precise enough only if every direction has about the size of one body.
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
    """Return (V, count) bone indices and weights in 1/255; every row of weights sums to 255."""
    order = np.argsort(-weights, 1, kind="stable")[:, :count]
    kept = np.take_along_axis(weights, order, 1)
    kept = np.round(kept / kept.sum(1, keepdims=True) * 255)
    kept[:, 0] += 255 - kept.sum(1)
    return order.astype(np.uint8), kept.astype(np.uint8)
