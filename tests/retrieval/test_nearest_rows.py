"""Exact search for the nearest rows against a second implementation."""

from pathlib import Path

import numpy as np
import pytest
from naive_search import naive_search

from reid_align.errors import InvalidInputError
from reid_align.retrieval import Groups, nearest_rows

RANDOM = np.random.default_rng(0)


def vectors(count: int, dtype: type = np.float32) -> np.ndarray:
    return RANDOM.standard_normal((count, 12)).astype(dtype)


def everything(queries: int, rows: int) -> np.ndarray:
    return np.ones((queries, rows), bool)


def check(found: tuple, expected: list[list[tuple[int, float]]]) -> None:
    for rows, distances, hits in zip(found[0], found[1], expected, strict=True):
        count = len(hits)
        assert rows[:count].tolist() == [row for row, _ in hits]
        assert distances[:count] == pytest.approx([d for _, d in hits], abs=2e-6)
        assert (rows[count:] == -1).all()
        assert np.isinf(distances[count:]).all()


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("block_size", [1, 7, 100])
@pytest.mark.parametrize("k", [1, 5, 40])
def test_rows_and_distances(metric: str, dtype: type, block_size: int, k: int) -> None:
    queries, gallery = vectors(6), vectors(40, dtype)
    found = nearest_rows(queries, gallery, k, metric=metric, block_size=block_size)
    assert found.rows.shape == found.distances.shape == (6, k)
    check(found, naive_search(queries, gallery, k, metric, everything(6, 40)))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("block_size", [3, 50])
def test_rows_are_left_out(metric: str, block_size: int) -> None:
    queries, gallery = vectors(8), vectors(50)
    allowed = RANDOM.random(50) < 0.5
    groups = Groups(RANDOM.integers(-1, 3, 8), RANDOM.integers(-1, 3, 50))
    excluded = np.array([[index, row] for index in range(8) for row in (index, 2 * index + 9)])
    mask = np.broadcast_to(allowed, (8, 50)).copy()
    for index in range(8):
        for row in range(50):
            if groups.query[index] >= 0 and groups.query[index] == groups.gallery[row]:
                mask[index, row] = False
    mask[excluded[:, 0], excluded[:, 1]] = False
    options = {"allowed": allowed, "groups": groups, "excluded": excluded}
    found = nearest_rows(queries, gallery, 30, metric=metric, block_size=block_size, **options)
    check(found, naive_search(queries, gallery, 30, metric, mask))
    assert (found.rows == -1).any()


def test_more_queries_than_fit_into_one_part() -> None:
    queries, gallery = vectors(2100), vectors(5)
    excluded = np.array([[0, 1], [2048, 2], [2099, 3]])
    mask = everything(2100, 5)
    mask[excluded[:, 0], excluded[:, 1]] = False
    found = nearest_rows(queries, gallery, 2, excluded=excluded)
    check(found, naive_search(queries, gallery, 2, "cosine", mask))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_ties_are_in_the_order_of_the_rows_and_equal_rows_have_distance_0(metric: str) -> None:
    gallery = vectors(9)
    gallery[[2, 5, 8]] = gallery[4] * np.float32(1000)
    gallery[4] = gallery[2]
    found = nearest_rows(gallery[2:3], gallery, 4, metric=metric, block_size=2)
    assert found.rows[0].tolist() == [2, 4, 5, 8]
    assert found.distances[0].tolist() == pytest.approx([0] * 4, abs=1e-7)


def test_a_zero_vector_has_cosine_distance_1_to_every_vector() -> None:
    gallery = vectors(3)
    gallery[1] = 0
    assert nearest_rows(np.zeros((1, 12), np.float32), gallery, 3).distances.tolist() == [[1] * 3]
    assert nearest_rows(-gallery[:1], gallery, 3).distances[0, -1] == pytest.approx(2)


def test_a_memory_mapped_gallery_gives_the_same(tmp_path: Path) -> None:
    gallery = vectors(30, np.float16)
    np.save(tmp_path / "g.npy", gallery)
    mapped = np.load(tmp_path / "g.npy", mmap_mode="r")
    one, two = nearest_rows(vectors(1), gallery, 3), nearest_rows(gallery[:1], mapped, 3)
    assert one.rows.shape == two.rows.shape
    assert two.rows[0, 0] == 0


def test_an_empty_gallery_gives_an_empty_answer() -> None:
    found = nearest_rows(vectors(2), np.empty((0, 12), np.float32), 5)
    assert found.rows.shape == (2, 0)
    assert nearest_rows(vectors(0), vectors(3), 2).rows.shape == (0, 2)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_rows_that_are_not_finite_are_refused_unless_they_are_left_out(value: float) -> None:
    gallery = vectors(6)
    gallery[[3, 4], 2] = value
    with pytest.raises(InvalidInputError, match=r"2 of 6 rows of the gallery .*first: row 3"):
        nearest_rows(vectors(1), gallery, 2, block_size=2)
    allowed = np.array([True, True, True, False, False, True])
    found = nearest_rows(vectors(1), gallery, 6, allowed=allowed)
    assert sorted(found.rows[0].tolist()) == [-1, -1, 0, 1, 2, 5]
    with pytest.raises(InvalidInputError, match="2 of 6 rows of the query"):
        nearest_rows(gallery, vectors(3), 2)


@pytest.mark.parametrize(
    ("queries", "gallery", "settings", "message"),
    [
        (vectors(1), vectors(3), {"k": 0}, "k=0: give at least 1"),
        (vectors(1)[:, :5], vectors(3), {}, "have 5 dimensions, the gallery features 12"),
        (vectors(1)[0], vectors(3), {}, r"shape \(12,\)"),
        (vectors(1), vectors(3, np.float64), {}, "dtype float64"),
        (vectors(1), vectors(3), {"metric": "dot"}, "Unknown metric 'dot'"),
    ],
)
def test_invalid_arguments(
    queries: np.ndarray, gallery: np.ndarray, settings: dict, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        nearest_rows(queries, gallery, **{"k": 2, **settings})
