"""Cosine and Euclidean distances between features."""

from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics.blockwise_distances import DistanceBlocks
from reid_align.metrics.matrix_products import (
    FeatureMatrix,
    operand,
    product,
    reciprocals,
    to_cosine_distances,
    to_squared_distances,
)

Metric = Literal["cosine", "euclidean"]

# The sum of two squares of larger norms overflows float32.
_LARGEST_NORM = 1e18


def distance_blocks(
    query_features: FeatureMatrix,
    gallery_features: FeatureMatrix,
    *,
    metric: Metric = "cosine",
    block_size: int | None = None,
    device: str | torch.device = "cpu",
) -> DistanceBlocks:
    r"""Compute query-by-gallery distances in blocks of queries.

    ``cosine`` is :math:`1 - \cos(q, g)`, in [0, 2]; a zero vector has distance 1 to every vector,
    including itself. ``euclidean`` is :math:`\lVert q - g \rVert_2` (not squared), in [0, inf).
    Both use one float32 matrix product: identical rows have distance 0 only up to rounding (for
    ``euclidean`` about 1e-3 of the norm), and the last digits depend on block size and device.

    Args:
        query_features: (Q, D) float32, in memory or memory-mapped.
        gallery_features: (G, D) float32, in memory or memory-mapped.
        metric: "cosine" or "euclidean".
        block_size: queries per block, see `DistanceBlocks`.
        device: device of the matrix product; other devices than the CPU hold the gallery
            features. The blocks are NumPy arrays.

    Raises:
        InvalidInputError: an unknown metric, features that are not float32 of shapes (Q, D) and
            (G, D), or values that are NaN, infinite or too large to square in float32.
    """
    check_metric(metric)
    query_norms, gallery_norms = feature_norms(query_features, gallery_features)
    gallery = operand(gallery_features, device)
    scales, column_reciprocals = reciprocals(query_norms), reciprocals(gallery_norms)
    squares = np.square(query_norms).astype(np.float32)
    column_squares = np.square(gallery_norms).astype(np.float32)

    def cosine(start: int, stop: int) -> FeatureMatrix:
        block = product(query_features[start:stop] * scales[start:stop, None], gallery)
        to_cosine_distances(block, column_reciprocals)
        return block

    def euclidean(start: int, stop: int) -> FeatureMatrix:
        block = product(query_features[start:stop], gallery)
        to_squared_distances(block, squares[start:stop], column_squares)
        return np.sqrt(block, out=block)

    rows = cosine if metric == "cosine" else euclidean
    return DistanceBlocks((len(query_features), len(gallery_features)), rows, block_size)


def distances(
    query_features: FeatureMatrix,
    gallery_features: FeatureMatrix,
    *,
    metric: Metric = "cosine",
    device: str | torch.device = "cpu",
) -> NDArray[np.float32]:
    """Compute the full distance matrix, (Q, G) float32; for small sets. See `distance_blocks`."""
    return distance_blocks(query_features, gallery_features, metric=metric, device=device).matrix()


def check_metric(metric: Metric) -> None:
    """Raise InvalidInputError for an unknown metric."""
    if metric not in get_args(Metric):
        raise InvalidInputError(
            f"Unknown metric {metric!r}. Choose one of {', '.join(get_args(Metric))}."
        )


def feature_norms(
    query_features: FeatureMatrix, gallery_features: FeatureMatrix
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Validate query and gallery features; return their row norms, (Q,) and (G,) float64.

    Raises:
        InvalidInputError: as `distance_blocks`.
    """
    norms = _checked_norms("query", query_features), _checked_norms("gallery", gallery_features)
    if query_features.shape[1] != gallery_features.shape[1]:
        raise InvalidInputError(
            f"Query features have {query_features.shape[1]} dimensions, gallery features "
            f"{gallery_features.shape[1]}. Extract both with the same model."
        )
    return norms


def _checked_norms(side: str, features: FeatureMatrix) -> NDArray[np.float64]:
    if features.ndim != 2 or features.dtype != np.float32 or features.shape[1] < 1:
        raise InvalidInputError(
            f"The {side} features have shape {tuple(features.shape)} and dtype {features.dtype}. "
            "They must be an (N, D) float32 NumPy array with D at least 1."
        )
    # Squared float32 values cannot overflow float64, so a finite norm means a finite row.
    norms: NDArray[np.float64] = np.sqrt(
        np.einsum("ij,ij->i", features, features, dtype=np.float64)
    )
    bad = np.flatnonzero(~(norms <= _LARGEST_NORM))
    if bad.size:
        raise InvalidInputError(
            f"{bad.size} of {len(features)} rows of the {side} features (first: row {bad[0]}) "
            f"contain NaN or infinity or have a norm above {_LARGEST_NORM:g}. Remove these rows or "
            "extract them again."
        )
    return norms
