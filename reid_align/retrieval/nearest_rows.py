"""Exact search for the k nearest rows of a feature matrix, block by block."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from reid_align.checks import at_least_one
from reid_align.errors import InvalidInputError
from reid_align.metrics.distance import Metric, check_metric
from reid_align.metrics.matrix_products import to_squared_distances
from reid_align.retrieval.left_out_rows import Groups, LeftOut
from reid_align.retrieval.row_blocks import Values, row_blocks
from reid_align.retrieval.smallest_distances import SmallestDistances

# A block of distances from this many queries stays below 32 MiB for 2,048 dimensions.
_QUERIES_AT_ONCE = 2048
_FEW_QUERIES, _VALUES_IN_CACHE = 16, 2**20


class NearestRows(NamedTuple):
    """The nearest rows of each query, nearest first; ties by ascending row.

    Attributes:
        rows: (Q, K) int64; -1 where fewer than K rows are allowed.
        distances: (Q, K) float32; infinity where ``rows`` is -1.
    """

    rows: NDArray[np.int64]
    distances: NDArray[np.float32]


def nearest_rows(
    queries: Values,
    gallery: Values,
    k: int,
    *,
    metric: Metric = "cosine",
    allowed: NDArray[np.bool_] | None = None,
    groups: Groups | None = None,
    excluded: NDArray[np.int64] | None = None,
    block_size: int | None = None,
) -> NearestRows:
    """Find the k nearest gallery rows of each query, exactly.

    Reads the gallery once, in blocks of at most 32 MiB, so it may be memory-mapped and larger than
    the memory. The rows are selected by float32 matrix products; the distances of the selected rows
    are then computed in float64, without cancellation: equal rows have distance 0.

    Args:
        queries: (Q, D) float32 or float16.
        gallery: (N, D) float32 or float16.
        k: number of rows per query, at least 1; K in the result is min(k, N).
        metric: "cosine", 1 - cos in [0, 2], where a zero vector has distance 1 to every vector; or
            "euclidean", not squared.
        allowed: (N,) bool, the rows to search; None searches all.
        groups: groups of the queries and the rows, for example cameras; rows of the query's own
            group are left out.
        excluded: (P, 2), pairs of a query and a row that is left out for it.
        block_size: gallery rows per block; None fills 4 MiB for up to 16 queries, else 32 MiB.

    Raises:
        InvalidInputError: other shapes or dtypes, different D, ``k`` below 1, an unknown metric,
            or NaN or infinity in a query or in an allowed row.
    """
    check_metric(metric)
    at_least_one("k", k)
    check_matrix("query", queries)
    check_matrix("gallery", gallery)
    if queries.shape[1] != gallery.shape[1]:
        raise InvalidInputError(
            f"The query features have {queries.shape[1]} dimensions, the gallery features "
            f"{gallery.shape[1]}. Extract both with the same encoder."
        )
    # As float64 the norms do not overflow, and the distances of the hits need them anyway.
    asked = queries.astype(np.float64)
    bad = np.asarray(~np.isfinite(asked).all(axis=1))
    if bad.any():
        raise InvalidInputError(not_finite("query", bad))
    norms = np.linalg.norm(asked, axis=1, keepdims=True)
    unit = np.divide(asked, norms, out=np.zeros_like(asked), where=norms > 0)
    scaled = (unit if metric == "cosine" else asked).astype(np.float32)
    kept = min(k, len(gallery))
    parts = []
    if block_size is None and len(queries) <= _FEW_QUERIES:
        # The conversion costs more than the product: the block should stay in the cache.
        block_size = max(1, _VALUES_IN_CACHE // gallery.shape[1])
    left_out = LeftOut(allowed, groups, excluded)
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        stop = start + _QUERIES_AT_ONCE
        here = left_out.of_queries(start, stop)
        parts.append(_select(scaled[start:stop], gallery, kept, metric, here, block_size))
    rows = np.concatenate([np.empty((0, kept), np.int64), *parts])
    return _with_exact_distances(asked, gallery, rows, metric)


def check_matrix(side: str, values: Values) -> None:
    """Raise InvalidInputError unless the values are (N, D) float32 or float16 with D ≥ 1."""
    if values.ndim != 2 or values.shape[1] < 1 or values.dtype not in (np.float32, np.float16):
        raise InvalidInputError(
            f"The {side} features have shape {tuple(values.shape)} and dtype {values.dtype}. They "
            "must be an (N, D) array of float32 or float16 with D at least 1."
        )


def not_finite(side: str, bad: NDArray[np.bool_]) -> str:
    """Return the error message for rows that contain NaN or infinity."""
    count, first = np.count_nonzero(bad), np.argmax(bad)
    return (
        f"{count} of {len(bad)} rows of the {side} features (first: row {first}) contain NaN or "
        "infinity, or are too large. Remove these rows or extract them again."
    )


def _select(
    queries: NDArray[np.float32],
    gallery: Values,
    count: int,
    metric: Metric,
    left_out: LeftOut,
    block_size: int | None,
) -> NDArray[np.int64]:
    """Return the rows of the ``count`` smallest distances of each query, (Q, count)."""
    found = SmallestDistances(len(queries), count)
    squares = np.einsum("ij,ij->i", queries, queries)
    for start, block, norms in row_blocks(gallery, block_size):
        bad = ~np.isfinite(norms)
        if left_out.allowed is not None:
            bad &= left_out.allowed[start : start + len(block)]
        if bad.any():
            raise InvalidInputError(not_finite("gallery", _bad_rows(gallery, left_out.allowed)))
        # Rows that are left out may contain NaN.
        with np.errstate(invalid="ignore", over="ignore"):
            # By PyTorch, like the norms: threads of NumPy would compete with those of PyTorch.
            distances = (torch.from_numpy(queries) @ torch.from_numpy(block).T).numpy()
            if metric == "cosine":
                # A larger cosine is nearer. A zero row has cosine 0, distance 1.
                distances *= np.divide(-1, norms, out=np.zeros_like(norms), where=norms > 0)
            else:
                to_squared_distances(distances, squares, np.square(norms))
        left_out.mark(start, distances)
        found.merge(start, distances)
    return found.rows


def _bad_rows(gallery: Values, allowed: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Return which allowed rows are not finite, (N,) bool."""
    norms = np.concatenate([norms.copy() for _, _, norms in row_blocks(gallery)])
    return np.asarray(~np.isfinite(norms) & (True if allowed is None else allowed))


def _with_exact_distances(
    queries: NDArray[np.float64], gallery: Values, rows: NDArray[np.int64], metric: Metric
) -> NearestRows:
    """Compute the distances of selected rows in float64 and sort each query's rows by them."""
    sorted_rows = np.empty_like(rows)
    distances = np.empty(rows.shape, np.float32)
    for index, (query, near) in enumerate(zip(queries, rows, strict=True)):
        exact = np.full(len(near), np.inf)
        found = near >= 0
        exact[found] = exact_distances(query, gallery[near[found]], metric)
        order = np.lexsort((near, exact))
        sorted_rows[index], distances[index] = near[order], exact[order]
    return NearestRows(sorted_rows, distances)


def exact_distances(
    query: NDArray[np.float64], gallery: Values, metric: Metric
) -> NDArray[np.float64]:
    """Compute the distances from one query, (D,), to a few rows, (K, D), in float64; (K,)."""
    others = gallery.astype(np.float64)
    if metric == "euclidean":
        return np.asarray(np.linalg.norm(others - query, axis=1))
    norms = np.linalg.norm(others, axis=1) * np.linalg.norm(query)
    cosines = np.divide(others @ query, norms, out=np.zeros_like(norms), where=norms > 0)
    # 1 - cos rounds to 1e-16 for equal vectors.
    return np.asarray(np.clip(1 - cosines, 0, 2))
