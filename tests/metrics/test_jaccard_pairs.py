import numpy as np
import pytest

from reid_align.errors import InvalidInputError
from reid_align.metrics.jaccard_pairs import jaccard_pairs
from reid_align.metrics.rerank import rerank_blocks


def features(count: int = 60, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    centers = random.standard_normal((count // 5, 16))
    return (centers.repeat(5, 0) + 0.4 * random.standard_normal((count, 16))).astype(np.float32)


def naive_distances(values: np.ndarray, k1: int, k2: int) -> np.ndarray:
    """Jaccard distances of all pairs, with sets and loops."""
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    squares = ((unit[:, None] - unit) ** 2).sum(2)
    order = np.argsort(squares, axis=1, kind="stable")

    def reciprocal(item: int, k: int) -> set[int]:
        return {int(j) for j in order[item, : k + 1] if item in order[j, : k + 1]}

    weights = np.zeros_like(squares)
    for item in range(len(values)):
        near = reciprocal(item, k1)
        members = set(near)
        for other in near:
            half = reciprocal(other, round(k1 / 2))
            if len(half & near) > 2 / 3 * len(half):
                members |= half
        chosen = sorted(members)
        weight = np.exp(-squares[item, chosen] / squares[item].max())
        weights[item, chosen] = weight / weight.sum()
    weights = np.stack([weights[order[item, :k2]].mean(0) for item in range(len(values))])
    smaller = np.minimum(weights[:, None], weights).sum(2)
    return 1 - smaller / (2 - smaller)


@pytest.mark.parametrize(("k1", "limit"), [(20, 0.7), (10, 0.5), (6, 0.99)])
def test_distances_match_a_naive_implementation(k1: int, limit: float) -> None:
    values = features()
    expected = naive_distances(values, k1, round(0.3 * k1))
    np.fill_diagonal(expected, np.inf)
    pairs = jaccard_pairs(values, limit, k1)
    rows, columns = np.nonzero(expected <= limit)
    assert pairs.rows.tolist() == rows.tolist()
    assert pairs.columns.tolist() == columns.tolist()
    np.testing.assert_allclose(pairs.distances, expected[rows, columns], atol=1e-5)
    assert 0 < len(rows) < 60 * 59


def test_few_images_and_no_images() -> None:
    assert len(jaccard_pairs(np.empty((0, 4), np.float32), 0.5).rows) == 0
    assert len(jaccard_pairs(features(5)[:1], 0.5).rows) == 0
    pairs = jaccard_pairs(features(5)[:2], 0.9)
    assert pairs.rows.tolist() == [0, 1]
    assert pairs.columns.tolist() == [1, 0]


def test_equal_images_have_distance_zero() -> None:
    pairs = jaccard_pairs(np.ones((3, 4), np.float32), 0.0)
    assert pairs.rows.tolist() == [0, 0, 1, 1, 2, 2]
    assert not pairs.distances.any()


def test_features_must_be_finite() -> None:
    values = features()
    values[3, 2] = np.nan
    with pytest.raises(InvalidInputError):
        jaccard_pairs(values, 0.5)


def test_reranking_without_the_original_distance_gives_the_same_distances() -> None:
    values = features()
    twice = rerank_blocks(values[:30], values[30:], k1=20, k2=6, lambda_value=0.0)
    whole = np.concatenate([block for _, block in twice])
    pairs = jaccard_pairs(values, 0.9)
    across = (pairs.rows < 30) & (pairs.columns >= 30)
    found = whole[pairs.rows[across], pairs.columns[across] - 30]
    np.testing.assert_allclose(found, pairs.distances[across], atol=1e-6)
