"""Query expansion and re-ranking of the nearest rows of each query."""

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics import Metric, rerank_blocks
from reid_align.retrieval.nearest_rows import NearestRows
from reid_align.retrieval.row_blocks import Values


def expand_queries(
    queries: Values, gallery: Values, found: NearestRows, metric: Metric
) -> NDArray[np.float32]:
    """Average each query with the rows found for it (average query expansion).

    Vectors are scaled to length 1 first for the cosine distance. A query without a row is
    unchanged.

    Args:
        queries: (Q, D).
        gallery: (N, D).
        found: rows of each query, -1 for none.
        metric: distance of the search.

    Returns:
        (Q, D) float32.

    Source: Chum et al., Total recall, ICCV 2007, section 4.1.
    """
    expanded = np.empty(queries.shape, np.float32)
    for index, rows in enumerate(found.rows):
        near = gallery[rows[rows >= 0]].astype(np.float64)
        vectors = np.concatenate([queries[index : index + 1].astype(np.float64), near])
        if metric == "cosine":
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        expanded[index] = vectors.mean(axis=0)
    return expanded


def rerank_rows(
    queries: Values, gallery: Values, found: NearestRows, k: int, metric: Metric
) -> NearestRows:
    """Re-rank the rows found for each query by their k-reciprocal neighbors; keep k.

    Neighbors are searched among the query and its rows only. The result therefore does not depend
    on other queries, and its cost does not depend on the size of the gallery.

    Args:
        queries: (Q, D).
        gallery: (N, D).
        found: candidates of each query, -1 for none.
        k: number of rows to keep.
        metric: distance of the search.

    Returns:
        Rows and re-ranked distances in [0, 1].

    Source: Zhong et al., arXiv:1701.08398; see `metrics.rerank_blocks`.
    """
    count = min(k, found.rows.shape[1])
    rows = np.full((len(queries), count), -1, np.int64)
    distances = np.full((len(queries), count), np.inf, np.float32)
    for index, near in enumerate(found.rows):
        near = near[near >= 0]
        if not near.size:
            continue
        query = queries[index : index + 1].astype(np.float32)
        candidates = gallery[near].astype(np.float32)
        reranked = rerank_blocks(query, candidates, metric=metric).matrix()[0]
        # Candidates are sorted by distance: a stable sort keeps that order for ties.
        order = np.argsort(reranked, kind="stable")[:count]
        rows[index, : len(order)] = near[order]
        distances[index, : len(order)] = reranked[order]
    return NearestRows(rows, distances)
