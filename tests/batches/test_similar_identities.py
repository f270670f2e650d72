"""Nearest identities and batches of similar ones, against plain second implementations."""

import numpy as np
import pytest

from reid_align.batches.samplers import PKSampler, SimilarSampler
from reid_align.batches.similar_identities import (
    BLOCK,
    CHOICE,
    KEPT,
    draw_similar,
    nearest_identities,
)
from reid_align.errors import InvalidInputError

COUNT = 60


def unit(count: int, seed: int = 0) -> np.ndarray:
    features = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return features / np.linalg.norm(features, axis=1, keepdims=True)


@pytest.mark.parametrize("count", [1, 2, COUNT, KEPT + 40, BLOCK + 3])
def test_nearest_identities_equal_a_naive_second_implementation(count: int) -> None:
    features = unit(count)
    nearest = nearest_identities(features)
    assert nearest.shape == (count, min(count - 1, KEPT))
    for row in range(0, count, 7):
        by_distance = sorted(
            (float(((features[row] - features[other]) ** 2).sum()), other)
            for other in range(count)
            if other != row
        )
        expected = [other for _, other in by_distance][: nearest.shape[1]]
        agree = np.mean(np.array(expected) == nearest[row]) if expected else 1
        # Both round differently, which swaps neighbors of almost equal distance.
        assert agree > 0.98


def test_identities_of_equal_features_keep_their_order() -> None:
    nearest = nearest_identities(np.repeat(unit(1), 4, axis=0))
    assert nearest.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_groups_have_a_first_identity_and_some_of_its_nearest_eligible_ones() -> None:
    nearest, seen = nearest_identities(unit(COUNT)), set()
    eligible = np.arange(0, COUNT, 2)
    for seed in range(200):
        drawn = draw_similar(eligible, nearest, 10, 5, np.random.default_rng(seed)).tolist()
        assert len(set(drawn)) == 10
        assert set(drawn) <= set(eligible.tolist())
        seen.update(drawn)
        taken: set[int] = set()
        for first, *others in (drawn[:5], drawn[5:]):
            free = [i for i in nearest[first].tolist() if i % 2 == 0 and i not in taken]
            assert set(others) <= set(free[: 4 * CHOICE])
            taken |= {first, *others}
    assert seen == set(eligible.tolist())


def test_last_group_is_smaller_and_missing_similar_identities_are_random_ones() -> None:
    rng = np.random.default_rng(0)
    assert len(draw_similar(np.arange(COUNT), nearest_identities(unit(COUNT)), 7, 5, rng)) == 7
    no_neighbors = np.empty((COUNT, 0), np.int64)
    assert sorted(draw_similar(np.arange(6), no_neighbors, 6, 3, rng).tolist()) == list(range(6))


@pytest.mark.parametrize("num_cameras", [0, 4])
def test_batches_of_a_sampler_have_similar_identities(num_cameras: int) -> None:
    people, cameras = (grid.ravel() for grid in np.mgrid[:COUNT, :12])
    features = unit(COUNT)
    similarity = features @ features.T
    means = {}
    for similar in (1, 5):
        base = PKSampler(10, 3, num_cameras, similar)
        sampler = SimilarSampler(base, nearest_identities(features))
        batches = sampler.batches(people + 100, cameras, 0, 0)
        inside = []
        for batch in batches:
            runs = people[batch].reshape(10, 3)
            assert (runs == runs[:, :1]).all()
            assert len(set(runs[:, 0].tolist())) == 10
            inside += [similarity[run[0], run[1:]].mean() for run in runs[:, 0].reshape(2, 5)]
        means[similar] = np.mean(inside)
    assert abs(means[1]) < 0.1
    assert means[5] > means[1] + 0.3


def test_similar_identities_need_neighbors_and_a_size_of_at_least_one() -> None:
    people = np.repeat(np.arange(10), 4)
    with pytest.raises(InvalidInputError, match="num_similar=5 needs the nearest identities"):
        PKSampler(5, 2, 0, 5).batches(people, people, 0, 0)
    with pytest.raises(InvalidInputError, match="num_similar"):
        PKSampler(num_similar=0)
