from collections import Counter

import numpy as np
import pytest

from reid_align.batches.camera_sampling import camera_batches
from reid_align.batches.identity_sampling import pk_batches, plain_batches
from reid_align.batches.samplers import PkBatching, PlainBatching
from reid_align.errors import InvalidInputError

# Persons 0 to 9 have 1 to 10 images each, in mixed order.
PERSONS = np.random.default_rng(3).permutation(np.repeat(np.arange(10), np.arange(1, 11)))
CAMERAS = np.random.default_rng(4).integers(0, 5, len(PERSONS))
# Each of 40 persons seen once by each of 12 cameras.
SEEN, SEEN_BY = (grid.ravel() for grid in np.mgrid[:40, :12])


def test_a_batch_is_runs_of_one_person_and_no_person_comes_twice_in_it() -> None:
    batches = pk_batches(PERSONS, people=4, images=3, seed=0, epoch=0)
    assert batches
    for batch in batches:
        runs = PERSONS[batch].reshape(4, 3)
        assert (runs == runs[:, :1]).all()
        assert len(set(runs[:, 0].tolist())) == 4


def test_only_persons_with_too_few_images_are_drawn_with_replacement() -> None:
    for epoch in range(20):
        used = np.concatenate(pk_batches(PERSONS, 2, 4, seed=1, epoch=epoch))
        counts = Counter(used.tolist())
        assert all(PERSONS[index] < 3 for index, count in counts.items() if count > 1)


def test_each_person_gives_as_many_groups_as_it_has_whole_ones_and_at_least_one() -> None:
    # With one person in a batch, the epoch ends only when everybody is used up.
    groups = Counter(int(PERSONS[batch[0]]) for batch in pk_batches(PERSONS, 1, 4, 0, 0))
    sizes = Counter(PERSONS.tolist())
    assert groups == {person: max(1, size // 4) for person, size in sizes.items()}


def test_an_epoch_ends_when_fewer_persons_are_left_than_a_batch_needs() -> None:
    persons = np.repeat(np.arange(5), 4)
    assert [len(pk_batches(persons, people, 2, 0, 0)) for people in (5, 4, 1)] == [2, 2, 10]
    groups = Counter({person: max(1, person // 3) for person in range(1, 11)})
    for seed in range(30):
        batches = pk_batches(PERSONS + 1, 4, 3, seed, 0)
        left = groups - Counter(int((PERSONS + 1)[i]) for batch in batches for i in batch[::3])
        assert len(left) < 4


def test_epochs_use_all_images_in_the_long_run() -> None:
    used = {int(i) for epoch in range(60) for b in pk_batches(PERSONS, 4, 4, 0, epoch) for i in b}
    assert used == set(range(len(PERSONS)))


@pytest.mark.parametrize("batching", [PkBatching(3, 2), PkBatching(3, 2, 2), PlainBatching(8)])
def test_batches_depend_on_seed_and_epoch_and_on_nothing_else(batching: object) -> None:
    first = np.concatenate(batching.batches(PERSONS, CAMERAS, 5, 2))
    np.random.seed(0)
    assert np.array_equal(first, np.concatenate(batching.batches(PERSONS, CAMERAS, 5, 2)))
    for seed, epoch in ((5, 3), (6, 2)):
        other = np.concatenate(batching.batches(PERSONS, CAMERAS, seed, epoch))
        assert not np.array_equal(first, other)


def test_few_cameras_take_a_batch_and_every_camera_takes_its_turn() -> None:
    batches = camera_batches(SEEN, SEEN_BY, people=6, images=3, cameras=4, seed=0, epoch=0)
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


def test_cameras_are_added_where_too_few_persons_have_enough_images_by_them() -> None:
    for batch in camera_batches(SEEN, SEEN_BY, 5, 4, cameras=1, seed=1, epoch=0):
        assert len(set(SEEN_BY[batch].tolist())) == 4
        assert len(set(batch.tolist())) == 20


def test_images_come_twice_only_where_all_cameras_together_have_too_few() -> None:
    for batch in camera_batches(PERSONS, CAMERAS, 10, 4, cameras=2, seed=0, epoch=0):
        assert sorted(PERSONS[batch].reshape(10, 4)[:, 0].tolist()) == list(range(10))
        counts = Counter(batch.tolist())
        assert all(PERSONS[index] < 3 for index, count in counts.items() if count > 1)


def test_persons_with_few_images_are_drawn_as_well() -> None:
    people = np.repeat(np.arange(30), np.repeat([2, 3, 9], 10))
    cameras = np.random.default_rng(5).integers(0, 6, len(people))
    epochs = [camera_batches(people, cameras, 8, 4, 3, 0, epoch) for epoch in range(60)]
    assert {int(p) for epoch in epochs for batch in epoch for p in people[batch]} == set(range(30))


def test_an_epoch_has_a_batch_even_of_few_images_and_of_all_cameras_there_are() -> None:
    few = camera_batches(np.arange(10), np.arange(10) % 3, 4, 4, cameras=99, seed=0, epoch=0)
    assert [len(batch) for batch in few] == [16]


def test_images_of_no_known_camera_are_those_of_one_more_unless_none_is_known() -> None:
    unknown = np.where(SEEN_BY == 3, -1, SEEN_BY)
    batches = camera_batches(SEEN, unknown, 6, 3, cameras=4, seed=0, epoch=0)
    assert all(len(set(unknown[batch].tolist())) <= 4 for batch in batches)
    assert any((unknown[batch] == -1).any() for batch in batches)
    with pytest.raises(InvalidInputError, match="no image says which camera took it: give 0"):
        camera_batches(SEEN, np.full_like(SEEN, -1), 6, 3, cameras=4, seed=0, epoch=0)


def test_a_batch_by_cameras_needs_persons_and_a_number_of_cameras() -> None:
    with pytest.raises(InvalidInputError, match="10 persons to train on, and a batch has 11"):
        camera_batches(PERSONS, CAMERAS, 11, 4, cameras=2, seed=0, epoch=0)
    with pytest.raises(InvalidInputError, match="-1 cameras: give a number, or 0 for any"):
        PkBatching(4, 4, -1)


def test_sizes_and_units_of_batches() -> None:
    assert (PkBatching().size, PkBatching().units) == (64, 16)
    assert (PlainBatching(10).size, PlainBatching(10).units) == (10, 10)
    assert {len(batch) for batch in PkBatching(3, 2).batches(PERSONS, CAMERAS, 0, 0)} == {6}


def test_plain_batches_use_each_image_at_most_once_and_are_all_full() -> None:
    batches = plain_batches(23, 5, 0, 0)
    assert [len(batch) for batch in batches] == [5, 5, 5, 5]
    assert len(set(np.concatenate(batches).tolist())) == 20


@pytest.mark.parametrize(
    ("persons", "people", "images", "message"),
    [
        (PERSONS, 0, 4, "both at least 1"),
        (PERSONS, 4, 0, "both at least 1"),
        (PERSONS, 11, 4, "There are 10 persons to train on, and a batch has 11"),
        (np.array([-1, -1, 0]), 1, 1, "2 of 3 images have no identity"),
        (np.array([], np.int64), 1, 1, "There are 0 persons"),
    ],
)
def test_batches_of_persons_that_cannot_be_are_refused(
    persons: np.ndarray, people: int, images: int, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        pk_batches(persons, people, images, 0, 0)


@pytest.mark.parametrize("size", [0, 4])
def test_plain_batches_that_cannot_be_are_refused(size: int) -> None:
    with pytest.raises(InvalidInputError, match=f"Batches of {size} from 3 images"):
        plain_batches(3, size, 0, 0)
