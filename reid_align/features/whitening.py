"""Mean and covariance taken out of a set of features."""

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics._products import Features

# 64 MiB of float64 for 2,048 dimensions.
_ROWS_AT_ONCE = 4096


def whitened(features: Features) -> Features:
    """Subtract the mean, undo the covariance, and scale every vector to length 1.

    With the covariance C of the N vectors and its trace t, x becomes (C + t/N)^(-1/2) (x - mean):
    the more all images vary in a direction, the less it counts. t/N is what one vector of
    average length adds to C in its own direction; what is known from less than one image is not
    blown up. The root is symmetric, so that axes stay where they are: those of two sets that were
    whitened apart can still be compared.

    Args:
        features: (N, D) float32, finite, N at least 1. It takes one float64 copy of them, and the
            time of an eigendecomposition of N×N or D×D, whichever is smaller.

    Returns:
        (N, D) float32, rows of length 1; zeros where nothing is left, as everywhere if all vectors
        are equal. A dimension that is constant is 0 up to rounding, and changes no other.

    Source: correlation alignment, Sun, Feng and Saenko, arXiv:1511.01547, algorithm 1, with the
    identity as everybody's target and t/N for its constant of 1. The shrinkage of Ledoit and Wolf
    (Journal of Multivariate Analysis 88, 2004) or of Chen et al. (arXiv:0907.4698) is too weak
    here: their loss is ruled by the largest eigenvalues, an inverse root by the smallest.
    """
    # In float64 the mean of equal float32 numbers is that number: equal vectors become exactly 0.
    centerd: NDArray[np.float64] = features - features.mean(axis=0, dtype=np.float64)
    count, dimensions = centerd.shape
    # For X of centerd rows, X (XᵀX + s)^(-1/2) = (XXᵀ + s)^(-1/2) X: the smaller product will do.
    tall = centerd if count >= dimensions else centerd.T
    root = _inverse_root(tall.T @ tall, count)
    for part in np.array_split(tall, 1 + len(tall) // _ROWS_AT_ONCE):
        part[:] = part @ root
    lengths = np.sqrt(np.einsum("ij,ij->i", centerd, centerd))[:, None]
    np.divide(centerd, lengths, out=centerd, where=lengths > 0)
    return centerd.astype(np.float32)


def _inverse_root(scatter: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return (S + trace(S)/N)^(-1/2) for the products S of N vectors; zeros if S is zero."""
    values, vectors = np.linalg.eigh(scatter)
    # Rounding makes some of the eigenvalues that are 0 negative.
    shrunk = np.maximum(values, 0) + np.trace(scatter) / count
    factors = np.zeros_like(shrunk)
    np.power(shrunk, -0.5, out=factors, where=shrunk > 0)
    root: NDArray[np.float64] = (vectors * factors) @ vectors.T
    return root
