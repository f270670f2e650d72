import re
from pathlib import Path

import numpy as np
import pytest
from naive_metrics import naive_rerank

from reid_align.errors import InvalidInputError
from reid_align.metrics import Metric, rerank_blocks
from reid_align.metrics import neighbors as module
from reid_align.metrics.neighbors import neighbors

METRICS: tuple[Metric, ...] = ("cosine", "euclidean")


def clustered(count: int, seed: int, identities: int = 6, dimensions: int = 12) -> np.ndarray:
    random = np.random.default_rng(seed)
    centers = np.random.default_rng(0).standard_normal((identities, dimensions))
    noise = 0.6 * random.standard_normal((count, dimensions))
    return (centers[random.integers(0, identities, count)] + noise).astype(np.float32)


def small_integers(count: int, seed: int, top: int = 3) -> np.ndarray:
    """Return features with exact float32 distances, many of them equal."""
    return np.random.default_rng(seed).integers(0, top, (count, 4)).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("k1", "k2", "lambda_value"),
    [(20, 6, 0.3), (7, 3, 0.5), (9, 1, 0.0), (1, 2, 0.3), (5, 9, 0.2), (80, 4, 0.1)],
)
def test_reranking_equals_the_dense_algorithm(
    metric: Metric, k1: int, k2: int, lambda_value: float
) -> None:
    query, gallery = clustered(20, 1), clustered(70, 2)
    blocks = rerank_blocks(
        query, gallery, metric=metric, k1=k1, k2=k2, lambda_value=lambda_value, block_size=6
    )
    expected = naive_rerank(query, gallery, metric, k1, k2, lambda_value)
    assert blocks.matrix().dtype == np.float32
    np.testing.assert_allclose(blocks.matrix(), expected, atol=2e-6)


@pytest.mark.parametrize("top", [2, 3, 6])
@pytest.mark.parametrize("seed", range(4))
def test_reranking_with_duplicates_and_equal_distances_equals_the_dense_algorithm(
    top: int, seed: int
) -> None:
    query, gallery = small_integers(25, seed, top), small_integers(60, seed + 10, top)
    blocks = rerank_blocks(query, gallery, metric="euclidean", k1=8, k2=3)
    expected = naive_rerank(query, gallery, "euclidean", 8, 3, 0.3)
    np.testing.assert_allclose(blocks.matrix(), expected, atol=2e-6)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("counts", [(1, 1), (1, 3), (3, 1), (4, 9), (10, 11), (10, 12)])
def test_sets_as_small_as_the_neighborhood(metric: Metric, counts: tuple[int, int]) -> None:
    query, gallery = clustered(counts[0], 1), clustered(counts[1], 2)
    expected = naive_rerank(query, gallery, metric, 20, 6, 0.3)
    matrix = rerank_blocks(query, gallery, metric=metric).matrix()
    np.testing.assert_allclose(matrix, expected, atol=2e-6)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("value", [0, 1])
def test_constant_features(metric: Metric, value: int) -> None:
    query, gallery = (np.full((n, 4), value, np.float32) for n in (6, 40))
    expected = naive_rerank(query, gallery, metric, 4, 2, 0.3)
    matrix = rerank_blocks(query, gallery, metric=metric, k1=4, k2=2).matrix()
    assert np.isfinite(matrix).all()
    np.testing.assert_allclose(matrix, expected, atol=2e-6)


@pytest.mark.parametrize("counts", [(0, 5), (5, 0), (0, 0)])
def test_an_empty_side_gives_an_empty_table(counts: tuple[int, int]) -> None:
    query, gallery = (clustered(n, 1) for n in counts)
    assert rerank_blocks(query, gallery).matrix().shape == counts


def test_block_size_does_not_change_the_result_or_the_inputs() -> None:
    query, gallery = small_integers(30, 0), small_integers(50, 1)
    copies = query.copy(), gallery.copy()
    for metric in METRICS:
        whole = rerank_blocks(query, gallery, metric=metric).matrix()
        single = rerank_blocks(query, gallery, metric=metric, block_size=1)
        np.testing.assert_allclose(single.matrix(), whole, atol=1e-6)
        assert np.array_equal(single.matrix(), single.matrix())
        assert 0 <= whole.min() <= whole.max() <= 1
    assert np.array_equal(query, copies[0])
    assert np.array_equal(gallery, copies[1])


def test_distances_are_squared_once() -> None:
    """With lambda 1, the result is the squared distance over its maximum."""
    query, gallery = small_integers(5, 0), small_integers(9, 1)
    everything = np.concatenate([query, gallery])
    squared = ((query[:, None] - everything[None]) ** 2).sum(axis=2)
    expected = squared[:, 5:] / squared.max(axis=1, keepdims=True)
    blocks = rerank_blocks(query, gallery, metric="euclidean", lambda_value=1)
    np.testing.assert_allclose(blocks.matrix(), expected, atol=1e-6)


@pytest.mark.parametrize("top", [2, 3, 50])
@pytest.mark.parametrize("count", [1, 4, 40])
def test_neighbors_over_several_tiles_equal_a_stable_sort(top: int, count: int) -> None:
    size = 2 * module._TILE + 30
    features = small_integers(size, 3, top)
    squares = (features**2).sum(axis=1)
    table = squares[:, None] + squares[None] - 2 * features @ features.T
    found = neighbors(features, count)
    assert np.array_equal(found.farthest, table.max(axis=1))
    rows = np.r_[:40, module._TILE - 20 : module._TILE + 20, size - 40 : size]
    table = table[rows]
    table[np.arange(len(rows)), rows] = -1
    expected = np.argsort(table, axis=1, kind="stable")[:, :count]
    assert np.array_equal(found.nearest[rows], expected)


@pytest.mark.parametrize(
    "parameters",
    [{"k1": 0}, {"k2": 0}, {"lambda_value": -0.1}, {"lambda_value": 1.1}, {"lambda_value": np.nan}],
)
def test_parameters_out_of_range_are_refused(parameters: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError, match="k1 and k2 must be at least 1"):
        rerank_blocks(clustered(3, 0), clustered(3, 1), **parameters)


def test_an_unknown_metric_and_bad_features_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"'manhattan'\. Choose one of"):
        rerank_blocks(clustered(3, 0), clustered(3, 1), metric="manhattan")  # type: ignore[arg-type]
    bad = clustered(3, 0)
    bad[1, 1] = np.nan
    with pytest.raises(InvalidInputError, match="rows of the gallery features"):
        rerank_blocks(clustered(3, 0), bad)
    with pytest.raises(InvalidInputError, match="12 dimensions, gallery features 4"):
        rerank_blocks(clustered(3, 0), small_integers(3, 0))


def test_reranking_needs_no_scipy() -> None:
    for file in Path(module.__file__).parent.glob("*.py"):
        assert not re.search(r"^\s*(import|from) scipy", file.read_text("utf-8"), re.MULTILINE)
