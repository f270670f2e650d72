"""Whitening of a set of features."""

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics.matrix_products import FeatureMatrix

# 64 MiB of float64 for 2,048 dimensions.
_ROWS_AT_ONCE = 4096


def whitened(features: FeatureMatrix) -> FeatureMatrix:
    """Subtract the mean, whiten with the covariance, and scale every vector to length 1.

    With the covariance C of the N vectors and its trace t, x becomes (C + t/N)^(-1/2) (x - mean):
    directions with large variance get a small weight. t/N is the contribution of one vector of
    average length to C in its direction; it keeps directions that are estimated from less than one
    image from being amplified. The symmetric root preserves the axes, so that two sets that are
    whitened separately stay comparable.

    Args:
        features: (N, D) float32, finite, N ≥ 1. Needs one float64 copy, and an eigendecomposition
            of N×N or D×D, whichever is smaller.

    Returns:
        (N, D) float32, rows of length 1, or zeros where nothing remains, as for equal vectors. A
        constant dimension is 0 up to rounding and does not change the others.

    Source: correlation alignment, Sun, Feng and Saenko, arXiv:1511.01547, algorithm 1, with the
    identity as the target covariance and t/N instead of the constant 1. The shrinkage of Ledoit
    and Wolf (Journal of Multivariate Analysis 88, 2004) or of Chen et al. (arXiv:0907.4698) is too
    weak here: their loss is dominated by the largest eigenvalues, an inverse root by the smallest.
    """
    # In float64 the mean of equal float32 numbers is exact: equal vectors become exactly 0.
    centered: NDArray[np.float64] = features - features.mean(axis=0, dtype=np.float64)
    count, dimensions = centered.shape
    # For X of centered rows, X (XᵀX + s)^(-1/2) = (XXᵀ + s)^(-1/2) X: use the smaller product.
    tall = centered if count >= dimensions else centered.T
    root = _inverse_root(tall.T @ tall, count)
    for part in np.array_split(tall, 1 + len(tall) // _ROWS_AT_ONCE):
        part[:] = part @ root
    lengths = np.sqrt(np.einsum("ij,ij->i", centered, centered))[:, None]
    np.divide(centered, lengths, out=centered, where=lengths > 0)
    return centered.astype(np.float32)


def _inverse_root(scatter: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return (S + trace(S)/N)^(-1/2) for the scatter matrix S of N vectors; zeros if S is zero."""
    values, vectors = np.linalg.eigh(scatter)
    # Rounding can make zero eigenvalues negative.
    shrunk = np.maximum(values, 0) + np.trace(scatter) / count
    factors = np.zeros_like(shrunk)
    np.power(shrunk, -0.5, out=factors, where=shrunk > 0)
    root: NDArray[np.float64] = (vectors * factors) @ vectors.T
    return root
