from pathlib import Path

import numpy as np
import pytest
import torch
from naive_metrics import naive_distances

from reid_align.errors import InvalidInputError
from reid_align.metrics import Metric, distance_blocks, distances, matrix_blocks
from reid_align.metrics.matrix_products import product

METRICS: tuple[Metric, ...] = ("cosine", "euclidean")
BLOCK_SIZES = (1, 3, 100, None)


def random_features(count: int, dimensions: int = 16, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dimensions), dtype=np.float32)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("block_size", BLOCK_SIZES)
def test_distances_equal_loops_in_double_precision(metric: Metric, block_size: int | None) -> None:
    query, gallery = random_features(7), random_features(11, seed=1)
    blocks = distance_blocks(query, gallery, metric=metric, block_size=block_size)
    expected = naive_distances(query, gallery, metric)
    assert blocks.shape == (7, 11)
    assert blocks.matrix().dtype == np.float32
    np.testing.assert_allclose(blocks.matrix(), expected, atol=2e-6)
    np.testing.assert_allclose(distances(query, gallery, metric=metric), expected, atol=2e-6)


def test_distances_by_hand() -> None:
    query = np.array([[3, 4], [0, 0]], np.float32)
    gallery = np.array([[0, 0], [6, 8], [-3, -4], [4, -3]], np.float32)
    euclidean = [[5, 5, 10, 50**0.5], [0, 10, 5, 5]]
    np.testing.assert_allclose(distances(query, gallery, metric="euclidean"), euclidean, rtol=1e-6)
    cosine = [[1, 0, 2, 1], [1, 1, 1, 1]]
    np.testing.assert_allclose(distances(query, gallery, metric="cosine"), cosine, atol=1e-6)


def test_cosine_does_not_depend_on_the_scale_of_the_features() -> None:
    query, gallery = random_features(5), random_features(6, seed=1)
    scale = np.float32(10) ** np.arange(-30, 16, 9, dtype=np.float32)[:, None]
    expected = naive_distances(query, gallery, "cosine")
    np.testing.assert_allclose(distances(query * scale[:5], gallery * scale), expected, atol=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_distances_are_nonnegative_and_near_zero_for_duplicates(metric: Metric) -> None:
    features = random_features(200, 64)
    table = distances(features, features, metric=metric)
    assert table.min() >= 0
    assert np.diagonal(table).max() < 1e-2


@pytest.mark.parametrize("block_size", [1, 3, 4, 100])
def test_blocks_come_in_order_and_can_be_read_again(block_size: int) -> None:
    query, gallery = random_features(10), random_features(4, seed=1)
    blocks = distance_blocks(query, gallery, block_size=block_size)
    starts = [block.start for block in blocks]
    assert starts == list(range(0, 10, block_size))
    assert {len(block.distances) for block in blocks} <= {block_size, 10 % block_size, 10}
    again = np.concatenate([block.distances for block in blocks])
    assert np.array_equal(again, blocks.matrix())


@pytest.mark.parametrize("source", ["features", "table"])
def test_blocks_may_be_overwritten(source: str) -> None:
    query, gallery = random_features(10), random_features(4, seed=1)
    table = distances(query, gallery)
    blocks = distance_blocks(query, gallery) if source == "features" else matrix_blocks(table)
    before = table.copy()
    for block in blocks:
        block.distances[:] = np.inf
    assert np.array_equal(table, before)
    np.testing.assert_allclose(blocks.matrix(), before, atol=1e-6)
    assert np.array_equal(query, random_features(10))


def test_default_block_size_limits_memory() -> None:
    gallery = np.ones((60_000, 1), np.float32)
    blocks = distance_blocks(np.ones((2_000, 1), np.float32), gallery)
    block = next(iter(blocks))
    assert 100 < len(block.distances) < 2_000
    assert block.distances.nbytes <= 2**27


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("counts", [(0, 3), (3, 0), (0, 0)])
def test_an_empty_side_gives_an_empty_matrix(metric: Metric, counts: tuple[int, int]) -> None:
    blocks = distance_blocks(random_features(counts[0]), random_features(counts[1]), metric=metric)
    assert blocks.matrix().shape == counts
    assert len(list(blocks)) == (counts[0] > 0)


@pytest.mark.parametrize("metric", METRICS)
def test_memory_mapped_and_strided_features_are_supported(metric: Metric, tmp_path: Path) -> None:
    query, gallery = random_features(9), random_features(5, seed=1)
    np.save(tmp_path / "query.npy", query)
    np.save(tmp_path / "gallery.npy", gallery)
    mapped = [np.load(tmp_path / f"{side}.npy", mmap_mode="r") for side in ("query", "gallery")]
    expected = distances(query, gallery, metric=metric)
    assert np.array_equal(distances(*mapped, metric=metric), expected)
    strided = distances(query[::2], np.asfortranarray(gallery), metric=metric)
    np.testing.assert_allclose(strided, expected[::2], atol=1e-6)


def test_a_product_on_a_device_equals_that_of_numpy() -> None:
    left, right = random_features(3), random_features(4, seed=1)
    expected = (left.astype(np.float64) @ right.astype(np.float64).T).astype(np.float32)
    on_device = torch.tensor(right)
    for first, second in [(left, right), (left, on_device), (torch.tensor(left), on_device)]:
        np.testing.assert_allclose(product(first, second), expected, rtol=1e-5)


def with_value(value: float) -> np.ndarray:
    features = random_features(4)
    features[2, 5] = value
    return features


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("side", ["query", "gallery"])
def test_nonfinite_values_are_refused_with_their_row(value: float, side: str) -> None:
    sides = {"query": random_features(4), "gallery": random_features(4)} | {side: with_value(value)}
    with pytest.raises(InvalidInputError, match=f"1 of 4 rows of the {side} .*first: row 2"):
        distance_blocks(sides["query"], sides["gallery"])


@pytest.mark.parametrize(
    "features",
    [
        np.ones(16, np.float32),
        np.ones((2, 4, 4), np.float32),
        np.ones((2, 16), np.float64),
        np.ones((2, 16), np.int64),
        np.ones((2, 0), np.float32),
        torch.ones(2, 16),
    ],
)
def test_features_of_another_shape_or_type_are_refused(features: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match=r"gallery features have shape .* float32"):
        distance_blocks(random_features(2), features)
    with pytest.raises(InvalidInputError, match=r"query features have shape .* float32"):
        distance_blocks(features, random_features(2))


def test_features_of_two_models_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="16 dimensions, gallery features 8"):
        distance_blocks(random_features(2), random_features(2, 8))


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"'manhattan'\. Choose one of cosine, euclidean"):
        distance_blocks(random_features(2), random_features(2), metric="manhattan")  # type: ignore[arg-type]


@pytest.mark.parametrize("block_size", [0, -1])
def test_block_size_below_one_is_refused(block_size: int) -> None:
    with pytest.raises(InvalidInputError, match=f"block_size is {block_size}"):
        distance_blocks(random_features(2), random_features(2), block_size=block_size)
    with pytest.raises(InvalidInputError, match=f"block_size is {block_size}"):
        matrix_blocks(np.ones((2, 2), np.float32), block_size=block_size)


@pytest.mark.parametrize("table", [np.ones(3, np.float32), np.ones((2, 2)), np.ones((2, 2), int)])
def test_a_matrix_of_another_shape_or_type_is_refused(table: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match="distance matrix has shape"):
        matrix_blocks(table)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_matrix_with_nonfinite_values_is_refused_when_read(value: float) -> None:
    table = np.ones((6, 3), np.float32)
    table[4, 1] = value
    with pytest.raises(InvalidInputError, match="between the queries 3 and 5"):
        matrix_blocks(table, block_size=3).matrix()


def test_a_matrix_is_read_in_blocks_that_fit_the_cache() -> None:
    blocks = list(matrix_blocks(np.zeros((300, 40_000), np.float32)))
    assert len(blocks) > 1
    assert max(block.distances.nbytes for block in blocks) <= 2**22
