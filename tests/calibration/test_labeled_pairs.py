"""Pairs of labeled images and their distances."""

from itertools import combinations

import numpy as np
import pytest

from reid_align.calibration import available_pairs, pair_distances, pairs_of_images
from reid_align.errors import InvalidInputError
from reid_align.metrics import Labels

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(size=(30, 8)).astype(np.float32)
PEOPLE = RANDOM.integers(-1, 5, 30)
CAMERAS = RANDOM.integers(0, 3, 30)


def naive_distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(1 - (a @ b) / (np.linalg.norm(a) * np.linalg.norm(b)))


@pytest.mark.parametrize("cameras", [None, CAMERAS])
def test_all_pairs_of_a_small_set(cameras: np.ndarray | None) -> None:
    pairs = pairs_of_images(FEATURES, Labels(PEOPLE, cameras))
    same, different = [], []
    for i, j in combinations(np.flatnonzero(PEOPLE >= 0), 2):
        distance = naive_distance(FEATURES[i].astype(float), FEATURES[j].astype(float))
        if PEOPLE[i] != PEOPLE[j]:
            different.append(distance)
        elif cameras is None or cameras[i] != cameras[j]:
            same.append(distance)
    np.testing.assert_allclose(np.sort(pairs.distances[pairs.same]), np.sort(same), atol=1e-6)
    np.testing.assert_allclose(np.sort(pairs.distances[~pairs.same]), np.sort(different), atol=1e-6)
    assert pairs.different_available == len(different)
    assert pairs.images == (PEOPLE >= 0).sum()
    assert pairs.cross_camera == (cameras is not None)
    assert available_pairs(Labels(PEOPLE, cameras)) == (len(same), len(different))


def test_a_limit_draws_pairs_without_repetition_and_with_a_seed() -> None:
    people = np.repeat(np.arange(40), 5)
    features = RANDOM.normal(size=(200, 4)).astype(np.float32)
    draws = [pairs_of_images(features, Labels(people), limit=150, seed=seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0].distances, draws[1].distances)
    assert not np.array_equal(draws[0].distances, draws[2].distances)
    assert draws[0].same.sum() == 150
    # Of all drawn pairs, those of one identity are left out: 400 of 19,900.
    assert 130 < (~draws[0].same).sum() <= 150
    assert len(np.unique(draws[0].distances[draws[0].same])) == 150
    assert draws[0].different_available == 19_500


def test_pair_numbers_of_a_large_triangle_are_exact() -> None:
    features = np.ones((60_000, 1), np.float32)
    people = np.arange(60_000)
    pairs = pairs_of_images(features, Labels(people), limit=20_000)
    first, second = pairs.identities.T
    assert (first < second).all()
    assert second.max() < 60_000
    assert len(np.unique(first * 60_000 + second)) == 20_000
    # Uniform: the mean of the larger of two uniform numbers is two thirds.
    assert 0.65 < second.mean() / 60_000 < 0.68


def test_distance_of_special_vectors() -> None:
    features = np.array([[0, 0], [3, 0], [-2, 0], [5, 0]], np.float32)
    distances = pair_distances(features, np.array([[0, 1], [1, 2], [1, 3]]))
    np.testing.assert_allclose(distances, [1, 2, 0])
    with pytest.raises(InvalidInputError, match="contain NaN or infinity"):
        pair_distances(np.array([[np.nan, 1]], np.float32), np.array([[0, 0]]))


def test_without_labels_there_are_no_pairs() -> None:
    nothing = pairs_of_images(np.zeros((0, 3), np.float32), Labels(np.zeros(0, np.int64)))
    assert len(nothing.distances) == 0
    with pytest.raises(InvalidInputError, match="Got 30 features and 2 labels"):
        pairs_of_images(FEATURES, Labels(np.zeros(2, np.int64)))
