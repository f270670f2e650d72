from collections import Counter

import numpy as np
import pytest

from reid_align.batches.pk_sampling import camera_batches, pk_batches
from reid_align.batches.samplers import PKSampler, RandomSampler
from reid_align.errors import InvalidInputError

# Identities 0 to 9 have 1 to 10 images each, in mixed order.
IDENTITIES = np.random.default_rng(3).permutation(np.repeat(np.arange(10), np.arange(1, 11)))
CAMERAS = np.random.default_rng(4).integers(0, 5, len(IDENTITIES))
# One image of each of 40 identities from each of 12 cameras.
SEEN, SEEN_BY = (grid.ravel() for grid in np.mgrid[:40, :12])


def test_pk_batch_groups_distinct_identities() -> None:
    batches = pk_batches(IDENTITIES, num_identities=4, num_instances=3, seed=0, epoch=0)
    assert batches
    for batch in batches:
        runs = IDENTITIES[batch].reshape(4, 3)
        assert (runs == runs[:, :1]).all()
        assert len(set(runs[:, 0].tolist())) == 4


def test_only_identities_with_too_few_images_are_sampled_with_replacement() -> None:
    for epoch in range(20):
        used = np.concatenate(pk_batches(IDENTITIES, 2, 4, seed=1, epoch=epoch))
        counts = Counter(used.tolist())
        assert all(IDENTITIES[index] < 3 for index, count in counts.items() if count > 1)


def test_each_identity_gives_its_complete_groups_and_at_least_one() -> None:
    # With one identity per batch, the epoch ends when no identity is left.
    groups = Counter(int(IDENTITIES[batch[0]]) for batch in pk_batches(IDENTITIES, 1, 4, 0, 0))
    sizes = Counter(IDENTITIES.tolist())
    assert groups == {person: max(1, size // 4) for person, size in sizes.items()}


def test_epoch_ends_when_too_few_identities_are_left() -> None:
    identities = np.repeat(np.arange(5), 4)
    assert [len(pk_batches(identities, people, 2, 0, 0)) for people in (5, 4, 1)] == [2, 2, 10]
    groups = Counter({person: max(1, person // 3) for person in range(1, 11)})
    for seed in range(30):
        batches = pk_batches(IDENTITIES + 1, 4, 3, seed, 0)
        left = groups - Counter(int((IDENTITIES + 1)[i]) for batch in batches for i in batch[::3])
        assert len(left) < 4


def test_all_images_are_used_over_many_epochs() -> None:
    used = {
        int(i) for epoch in range(60) for b in pk_batches(IDENTITIES, 4, 4, 0, epoch) for i in b
    }
    assert used == set(range(len(IDENTITIES)))


@pytest.mark.parametrize("sampler", [PKSampler(3, 2), PKSampler(3, 2, 2), RandomSampler(8)])
def test_batches_depend_only_on_seed_and_epoch(sampler: object) -> None:
    first = np.concatenate(sampler.batches(IDENTITIES, CAMERAS, 5, 2))
    np.random.seed(0)
    assert np.array_equal(first, np.concatenate(sampler.batches(IDENTITIES, CAMERAS, 5, 2)))
    for seed, epoch in ((5, 3), (6, 2)):
        other = np.concatenate(sampler.batches(IDENTITIES, CAMERAS, seed, epoch))
        assert not np.array_equal(first, other)


def test_batches_of_joined_data_sets_use_the_cameras_of_one() -> None:
    """Of three sets with twelve cameras each, every batch shows one, and every set is shown."""
    people = np.concatenate([SEEN + 40 * number for number in range(3)])
    cameras = np.concatenate([SEEN_BY + 12 * number for number in range(3)])
    batches = camera_batches(people, cameras, 6, 3, num_cameras=4, seed=0, epoch=0)
    sets = [set((cameras[batch] // 12).tolist()) for batch in batches]
    assert all(len(used) == 1 for used in sets)
    assert set.union(*sets) == {0, 1, 2}
    assert all(len(set(cameras[batch].tolist())) <= 4 for batch in batches)


def test_camera_batches_use_few_cameras_and_all_over_time() -> None:
    batches = camera_batches(
        SEEN, SEEN_BY, num_identities=6, num_instances=3, num_cameras=4, seed=0, epoch=0
    )
    assert len(batches) == len(SEEN) // 18
    for batch in batches:
        assert len(set(batch.tolist())) == 18
        assert len(set(SEEN_BY[batch].tolist())) <= 4
        runs = SEEN[batch].reshape(6, 3)
        assert (runs == runs[:, :1]).all()
        assert len(set(runs[:, 0].tolist())) == 6
    epochs = [camera_batches(SEEN, SEEN_BY, 6, 3, 4, 0, epoch) for epoch in range(20)]
    assert {int(index) for epoch in epochs for batch in epoch for index in batch} == set(
        range(len(SEEN))
    )


def test_cameras_are_added_if_too_few_identities_qualify() -> None:
    for batch in camera_batches(SEEN, SEEN_BY, 5, 4, num_cameras=1, seed=1, epoch=0):
        assert len(set(SEEN_BY[batch].tolist())) == 4
        assert len(set(batch.tolist())) == 20


def test_images_repeat_only_if_all_cameras_have_too_few() -> None:
    for batch in camera_batches(IDENTITIES, CAMERAS, 10, 4, num_cameras=2, seed=0, epoch=0):
        assert sorted(IDENTITIES[batch].reshape(10, 4)[:, 0].tolist()) == list(range(10))
        counts = Counter(batch.tolist())
        assert all(IDENTITIES[index] < 3 for index, count in counts.items() if count > 1)


def test_identities_with_few_images_are_drawn() -> None:
    people = np.repeat(np.arange(30), np.repeat([2, 3, 9], 10))
    cameras = np.random.default_rng(5).integers(0, 6, len(people))
    epochs = [camera_batches(people, cameras, 8, 4, 3, 0, epoch) for epoch in range(60)]
    assert {int(p) for epoch in epochs for batch in epoch for p in people[batch]} == set(range(30))


def test_camera_batches_of_few_images_and_all_cameras() -> None:
    few = camera_batches(np.arange(10), np.arange(10) % 3, 4, 4, num_cameras=99, seed=0, epoch=0)
    assert [len(batch) for batch in few] == [16]


def test_unknown_cameras_count_as_one_camera() -> None:
    unknown = np.where(SEEN_BY == 3, -1, SEEN_BY)
    batches = camera_batches(SEEN, unknown, 6, 3, num_cameras=4, seed=0, epoch=0)
    assert all(len(set(unknown[batch].tolist())) <= 4 for batch in batches)
    assert any((unknown[batch] == -1).any() for batch in batches)
    with pytest.raises(InvalidInputError, match="no image has one"):
        camera_batches(SEEN, np.full_like(SEEN, -1), 6, 3, num_cameras=4, seed=0, epoch=0)


def test_camera_batches_need_enough_identities_and_valid_numbers() -> None:
    with pytest.raises(
        InvalidInputError, match="needs 11 identities, but the training images have 10"
    ):
        camera_batches(IDENTITIES, CAMERAS, 11, 4, num_cameras=2, seed=0, epoch=0)
    with pytest.raises(InvalidInputError, match="num_cameras=-1: give a number of cameras, or 0"):
        PKSampler(4, 4, -1)


def test_batch_sizes_and_groups() -> None:
    assert (PKSampler().batch_size, PKSampler().num_groups) == (64, 16)
    assert (RandomSampler(10).batch_size, RandomSampler(10).num_groups) == (10, 10)
    assert {len(batch) for batch in PKSampler(3, 2).batches(IDENTITIES, CAMERAS, 0, 0)} == {6}


def random_batches(count: int, size: int) -> list[np.ndarray]:
    ids = np.full(count, -1)
    return RandomSampler(size).batches(ids, ids, 0, 0)


def test_random_batches_are_full_and_without_repetition() -> None:
    batches = random_batches(23, 5)
    assert [len(batch) for batch in batches] == [5, 5, 5, 5]
    assert len(set(np.concatenate(batches).tolist())) == 20


@pytest.mark.parametrize(
    ("identities", "people", "images", "message"),
    [
        (IDENTITIES, 0, 4, "both must be at least 1"),
        (IDENTITIES, 4, 0, "both must be at least 1"),
        (IDENTITIES, 11, 4, "needs 11 identities, but the training images have 10"),
        (np.array([-1, -1, 0]), 1, 1, "2 of 3 images have no identity"),
        (np.array([], np.int64), 1, 1, "the training images have 0"),
    ],
)
def test_invalid_pk_batches_are_refused(
    identities: np.ndarray, people: int, images: int, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        pk_batches(identities, people, images, 0, 0)


@pytest.mark.parametrize("size", [0, 4])
def test_invalid_random_batches_are_refused(size: int) -> None:
    with pytest.raises(InvalidInputError, match=f"batch_size={size} for 3 images"):
        random_batches(3, size)
