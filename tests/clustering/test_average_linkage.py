"""Clusters of images and tracklets."""

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from reid_align.clustering import cluster_features, score_clusters
from reid_align.errors import InvalidInputError


def people(count: int, images: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    centers = random.normal(size=(count, 16))
    ids = np.repeat(np.arange(count), images)
    values = centers[ids] + noise * random.normal(size=(len(ids), 16))
    return values.astype(np.float32), ids


def test_well_separated_identities_are_found() -> None:
    features, ids = people(20, 5, noise=0.1)
    clusters = cluster_features(features, 0.2)
    assert adjusted_rand_score(ids, clusters) == 1
    assert set(clusters) == set(range(20))


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.6, 1.0])
def test_clusters_equal_those_of_scikit_learn(threshold: float) -> None:
    # More images than a block of rows.
    features, _ = people(60, 6, noise=0.6, seed=1)
    expected = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=threshold
    ).fit_predict(features)
    assert adjusted_rand_score(expected, cluster_features(features, threshold)) == 1


def test_the_largest_identity_is_number_0() -> None:
    features = np.eye(3, dtype=np.float32)[[2, 0, 0, 1, 0, 1]]
    np.testing.assert_array_equal(cluster_features(features, 0.5), [2, 0, 0, 1, 0, 1])


def test_tracklets_stay_together() -> None:
    x, y = np.eye(2, dtype=np.float32)
    features = np.stack([x, y, x, y, y])
    tracks = np.array([7, 7, -1, -1, 3])
    # Track 7 has distance 0.5 to everything; the others are identical or orthogonal.
    clusters = cluster_features(features, 0.1, tracks)
    assert clusters[0] == clusters[1]
    assert len({clusters[0], clusters[2], clusters[3]}) == 3
    assert clusters[3] == clusters[4]
    assert len(set(cluster_features(features, 0.9, tracks))) == 1


def test_the_distance_of_tracklets_is_the_mean_of_their_image_pairs() -> None:
    random = np.random.default_rng(2)
    units = random.normal(size=(7, 5))
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    mean = 1 - (units[:4] @ units[4:].T).mean()
    tracks = np.array([0, 0, 0, 0, 1, 1, 1])
    below, above = (
        cluster_features(units.astype(np.float32), mean + step, tracks) for step in (-1e-4, 1e-4)
    )
    assert (len(set(below)), len(set(above))) == (2, 1)


def test_few_images() -> None:
    assert len(cluster_features(np.zeros((0, 4), np.float32), 0.5)) == 0
    np.testing.assert_array_equal(cluster_features(np.ones((1, 4), np.float32), 0.5), [0])
    zeros = cluster_features(np.zeros((3, 4), np.float32), 0.5)
    assert len(set(zeros)) == 3


def test_bad_input_is_refused() -> None:
    features = np.ones((3, 4), np.float32)
    with pytest.raises(InvalidInputError, match="threshold=-1"):
        cluster_features(features, -1)
    with pytest.raises(InvalidInputError, match="Got 3 features and 2 tracks"):
        cluster_features(features, 0.5, np.zeros(2, np.int64))
    with pytest.raises(InvalidInputError, match="contain NaN"):
        cluster_features(np.full((3, 4), np.nan, np.float32), 0.5)


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 0.9])
def test_equal_distances_end_and_agree_with_scikit_learn(threshold: float) -> None:
    features = np.repeat(np.eye(5, dtype=np.float32), 7, axis=0)
    expected = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=threshold + 1e-6
    ).fit_predict(features)
    assert adjusted_rand_score(expected, cluster_features(features, threshold)) == 1


def test_the_means_are_not_modified_and_all_items_can_merge() -> None:
    features, _ = people(30, 4, noise=1.0, seed=3)
    before = features.copy()
    assert set(cluster_features(features, 2.0)) == {0}
    np.testing.assert_array_equal(features, before)


def test_scores_equal_a_count_of_pairs() -> None:
    random = np.random.default_rng(0)
    clusters, ids = random.integers(0, 6, 80), random.integers(-1, 5, 80)
    kept = np.flatnonzero(ids >= 0)
    pairs = [(i, j) for i in kept for j in kept if i < j]
    together = [clusters[i] == clusters[j] for i, j in pairs]
    same = [ids[i] == ids[j] for i, j in pairs]
    both = sum(a and b for a, b in zip(together, same, strict=True))
    scores = score_clusters(clusters, ids)
    assert scores.precision == pytest.approx(both / sum(together))
    assert scores.recall == pytest.approx(both / sum(same))
    assert scores.f1 == pytest.approx(2 * both / (sum(together) + sum(same)))
    assert (scores.images, scores.identities) == (len(kept), 5)
    assert scores.adjusted_rand_index == adjusted_rand_score(ids[kept], clusters[kept])


def test_scores_without_pairs() -> None:
    apart = score_clusters(np.arange(4), np.arange(4))
    assert (apart.precision, apart.recall, apart.f1, apart.adjusted_rand_index) == (1, 1, 1, 1)
    with pytest.raises(InvalidInputError, match="No image has an identity"):
        score_clusters(np.arange(2), np.array([-1, -1]))
    with pytest.raises(InvalidInputError, match="Got 2 clusters and 1 identities"):
        score_clusters(np.arange(2), np.array([1]))
