"""Distances between features, by blocks of queries."""

from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics._products import (
    Features,
    operand,
    product,
    reciprocals,
    to_cosine_distances,
    to_squared_distances,
)
from reid_align.metrics.blocks import DistanceBlocks

Metric = Literal["cosine", "euclidean"]

# Squares of larger norms, and the sums of two of them, would leave the range of float32.
_LARGEST_NORM = 1e18


def distance_blocks(
    query_features: Features,
    gallery_features: Features,
    *,
    metric: Metric = "cosine",
    block_size: int | None = None,
    device: str | torch.device = "cpu",
) -> DistanceBlocks:
    """Prepare the distances from every query to every gallery item, a block of queries at a time.

    ``cosine`` is 1 - cos, in [0, 2]; a vector of zeros is at distance 1 from everything, itself
    included. ``euclidean`` is the plain distance, not its square, in [0, inf). Both come from one
    float32 matrix product: identical rows are at 0 only up to rounding (for ``euclidean`` about
    1e-3 of the norm), and the last digits may depend on the block size and the device.

    Args:
        query_features: (Q, D) float32, also memory-mapped.
        gallery_features: (G, D) float32, also memory-mapped.
        metric: which distance.
        block_size: see DistanceBlocks.
        device: where the matrix product runs. On another device than the CPU the gallery's
            features are kept there; the blocks come back as numpy arrays.

    Raises:
        InvalidInputError: an unknown metric, features that are not (N, D) float32 of one D, or
            values that are NaN, infinite or too large for float32 squares.
    """
    check_metric(metric)
    query_norms, gallery_norms = feature_norms(query_features, gallery_features)
    gallery = operand(gallery_features, device)
    scales, column_reciprocals = reciprocals(query_norms), reciprocals(gallery_norms)
    squares = np.square(query_norms).astype(np.float32)
    column_squares = np.square(gallery_norms).astype(np.float32)

    def cosine(start: int, stop: int) -> Features:
        block = product(query_features[start:stop] * scales[start:stop, None], gallery)
        to_cosine_distances(block, column_reciprocals)
        return block

    def euclidean(start: int, stop: int) -> Features:
        block = product(query_features[start:stop], gallery)
        to_squared_distances(block, squares[start:stop], column_squares)
        return np.sqrt(block, out=block)

    rows = cosine if metric == "cosine" else euclidean
    return DistanceBlocks((len(query_features), len(gallery_features)), rows, block_size)


def distances(
    query_features: Features,
    gallery_features: Features,
    *,
    metric: Metric = "cosine",
    device: str | torch.device = "cpu",
) -> NDArray[np.float32]:
    """Return the whole table of distances, (Q, G) float32; for small sets. See distance_blocks."""
    return distance_blocks(query_features, gallery_features, metric=metric, device=device).matrix()


def check_metric(metric: Metric) -> None:
    """Raise InvalidInputError for a metric that is not known."""
    if metric not in get_args(Metric):
        raise InvalidInputError(f"metric {metric!r}: choose one of {', '.join(get_args(Metric))}.")


def feature_norms(
    query_features: Features, gallery_features: Features
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Check two sets of features and return the norm of every row, (Q,) and (G,) float64.

    Raises:
        InvalidInputError: as distance_blocks.
    """
    norms = _checked_norms("query", query_features), _checked_norms("gallery", gallery_features)
    if query_features.shape[1] != gallery_features.shape[1]:
        raise InvalidInputError(
            f"Query features have {query_features.shape[1]} dimensions, gallery features "
            f"{gallery_features.shape[1]}: extract both with the same model."
        )
    return norms


def _checked_norms(side: str, features: Features) -> NDArray[np.float64]:
    if features.ndim != 2 or features.dtype != np.float32 or features.shape[1] < 1:
        raise InvalidInputError(
            f"The {side} features have shape {tuple(features.shape)} and type {features.dtype}: "
            "give an (N, D) numpy array of type float32 with D at least 1."
        )
    # In float64 no float32 input overflows, so the norm alone tells whether the row is finite.
    norms: NDArray[np.float64] = np.sqrt(
        np.einsum("ij,ij->i", features, features, dtype=np.float64)
    )
    bad = np.flatnonzero(~(norms <= _LARGEST_NORM))
    if bad.size:
        raise InvalidInputError(
            f"{bad.size} of {len(features)} rows of the {side} features, the first at {bad[0]}, "
            f"hold NaN, infinity or a norm above {_LARGEST_NORM:g}: remove or extract them anew."
        )
    return norms
