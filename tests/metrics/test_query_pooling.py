import numpy as np
import pytest
from naive_metrics import naive_ranking

from reid_align.errors import InvalidInputError
from reid_align.metrics import (
    MULTIPLE_QUERY,
    Labels,
    Pooling,
    distance_blocks,
    pool_queries,
    rank,
)


def problem(seed: int = 0) -> tuple[np.ndarray, Labels, np.ndarray, Labels]:
    random = np.random.default_rng(seed)
    query, gallery = (random.normal(size=(n, 6)).astype(np.float32) for n in (30, 40))
    labels = [Labels(random.integers(0, 5, n), random.integers(0, 3, n)) for n in (30, 40)]
    return query, labels[0], gallery, labels[1]


def naive_pooling(
    features: np.ndarray, labels: Labels, pooling: Pooling
) -> tuple[list[np.ndarray], list[tuple[int, int]]]:
    """Pooled features and the identity and camera of each query, in order of first images."""
    groups: dict[tuple[int, int], list[np.ndarray]] = {}
    for row, person, camera in zip(features, labels.person_ids, labels.camera_ids, strict=True):
        groups.setdefault((int(person), int(camera)), []).append(row.astype(np.float64))
    pool = np.mean if pooling == "mean" else np.max
    return [pool(rows, axis=0) for rows in groups.values()], list(groups)


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("seed", range(3))
def test_each_identity_and_camera_is_one_query(pooling: Pooling, seed: int) -> None:
    features, labels, _, _ = problem(seed)
    pooled = pool_queries(features, labels, pooling)
    expected, pairs = naive_pooling(features, labels, pooling)
    np.testing.assert_allclose(pooled.features, expected, rtol=1e-6)
    assert pooled.features.dtype == np.float32
    ids = zip(pooled.labels.person_ids.tolist(), pooled.labels.camera_ids.tolist(), strict=True)
    assert list(ids) == pairs
    assert pooled.labels.image_ids is None
    assert pooled.images.sum() == 30
    for (person, camera), first in zip(pairs, pooled.first, strict=True):
        assert (labels.person_ids[first], labels.camera_ids[first]) == (person, camera)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_scores_equal_a_naive_multiple_query_evaluation(pooling: Pooling) -> None:
    query, query_labels, gallery, gallery_labels = problem()
    pooled = pool_queries(query, query_labels, pooling)
    blocks = distance_blocks(pooled.features, gallery, metric="euclidean")
    result = rank(blocks, pooled.labels, gallery_labels, protocol=MULTIPLE_QUERY)
    expected, _ = naive_pooling(query, query_labels, pooling)
    table = np.linalg.norm(np.array(expected)[:, None] - gallery[None], axis=2)
    precisions, _, first_hits = naive_ranking(
        table, pooled.labels, gallery_labels, cross_camera=True, ap="mean"
    )
    assert result.mean_average_precision == pytest.approx(np.nanmean(precisions), abs=1e-6)
    assert result.cmc[0] == pytest.approx(np.mean([hit == 1 for hit in first_hits if hit]))


def test_one_image_per_query_is_the_single_query_evaluation() -> None:
    query = problem()[0]
    labels = Labels(np.arange(30), np.zeros(30, np.int64))
    pooled = pool_queries(query, labels)
    assert np.array_equal(pooled.features, query)
    assert pooled.first.tolist() == list(range(30))


def test_missing_cameras_wrong_counts_and_poolings_are_refused() -> None:
    query, labels, _, _ = problem()
    with pytest.raises(InvalidInputError, match="camera id for each of the 30"):
        pool_queries(query, Labels(labels.person_ids))
    with pytest.raises(InvalidInputError, match="for each of the 29"):
        pool_queries(query[1:], labels)
    with pytest.raises(InvalidInputError, match=r"'sum'\. Choose one of mean, max"):
        pool_queries(query, labels, "sum")  # type: ignore[arg-type]
