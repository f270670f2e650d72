"""Query expansion and re-ranking of search results."""

import numpy as np
import pytest

from reid_align.metrics import rerank_blocks
from reid_align.retrieval import nearest_rows
from reid_align.retrieval.result_improvement import expand_queries, rerank_rows

RANDOM = np.random.default_rng(1)
QUERIES = RANDOM.standard_normal((4, 8)).astype(np.float32)
GALLERY = RANDOM.standard_normal((30, 8)).astype(np.float32)


def test_expansion_averages_unit_vectors_for_the_cosine_distance() -> None:
    found = nearest_rows(QUERIES, GALLERY, 3)
    expanded = expand_queries(QUERIES, GALLERY, found, "cosine")
    for index, rows in enumerate(found.rows):
        vectors = [QUERIES[index], *(GALLERY[row] for row in rows)]
        mean = sum(vector / np.linalg.norm(vector) for vector in vectors) / 4
        assert expanded[index] == pytest.approx(mean, abs=1e-6)


def test_expansion_averages_plain_vectors_for_the_euclidean_distance() -> None:
    found = nearest_rows(QUERIES, GALLERY, 2, metric="euclidean")
    expanded = expand_queries(QUERIES, GALLERY, found, "euclidean")
    expected = (QUERIES[0] + GALLERY[found.rows[0, 0]] + GALLERY[found.rows[0, 1]]) / 3
    assert expanded[0] == pytest.approx(expected, abs=1e-6)


def test_expansion_leaves_a_query_without_rows_unchanged() -> None:
    found = nearest_rows(QUERIES, GALLERY, 2, allowed=np.zeros(30, bool))
    expanded = expand_queries(QUERIES, GALLERY, found, "euclidean")
    assert np.array_equal(expanded, QUERIES)


def test_reranking_all_rows_equals_reranking_the_gallery() -> None:
    for index in range(len(QUERIES)):
        query = QUERIES[index : index + 1]
        found = nearest_rows(query, GALLERY, 30)
        reranked = rerank_rows(query, GALLERY, found, 5, "cosine")
        whole = rerank_blocks(query, GALLERY).matrix()[0]
        assert reranked.distances[0] == pytest.approx(np.sort(whole)[:5], abs=1e-5)
        assert whole[reranked.rows[0]] == pytest.approx(reranked.distances[0], abs=1e-5)


def test_reranking_keeps_to_the_candidates() -> None:
    found = nearest_rows(QUERIES, GALLERY, 6, allowed=np.arange(30) < 4)
    reranked = rerank_rows(QUERIES, GALLERY, found, 5, "cosine")
    for before, after in zip(found.rows, reranked.rows, strict=True):
        assert sorted(after[:4].tolist()) == sorted(before[:4].tolist())
        assert after[4] == -1
