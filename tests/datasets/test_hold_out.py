from collections import Counter

import pytest

from reid_align.datasets import ImageRecord, ReidDataset, Split, hold_out
from reid_align.errors import DatasetWarning, InvalidInputError

SPLIT = Split("test", (ImageRecord("q", 99, 0),), (ImageRecord("g", 99, 1),))


def dataset(*identities: list[int | None]) -> ReidDataset:
    """Return a dataset with an image of person i for each camera in the i-th list."""
    train = tuple(
        ImageRecord(f"{person}_{number}", person, camera)
        for person, cameras in enumerate(identities)
        for number, camera in enumerate(cameras)
    )
    return ReidDataset("mine", "/root", train, (SPLIT,), "single_gallery_shot")


MANY = dataset(*[[0, 0, 1, 1, 2]] * 20)


def test_identities_are_either_trained_on_or_held_out() -> None:
    train, val = hold_out(MANY, 5, seed=1)
    (split,) = val.splits
    back = {record.person_id for record in (*split.query, *split.gallery)}
    kept = {record.person_id for record in train.train}
    assert len(back) == 5
    assert back | kept == set(range(20))
    assert not back & kept
    assert len(split.query) + len(split.gallery) + len(train.train) == 100


def test_training_dataset_keeps_its_test_splits() -> None:
    train, val = hold_out(MANY, 5)
    assert train.splits == (SPLIT,)
    assert (train.name, train.protocol) == ("mine", "single_gallery_shot")
    assert not val.train
    assert (val.splits[0].name, val.protocol, val.root) == ("val", "cross_camera", "/root")


def test_each_identity_has_one_query_per_camera_with_further_images() -> None:
    _, val = hold_out(MANY, 5)
    (split,) = val.splits
    counts = Counter(record.camera_id for record in split.query)
    assert counts == {0: 5, 1: 5}
    assert Counter(record.camera_id for record in split.gallery) == {0: 5, 1: 5, 2: 5}
    assert all(record.path.endswith(("_0", "_2")) for record in split.query)


def test_every_query_has_a_match_from_another_camera() -> None:
    odd = dataset([0, 1], [0, 0, 1], [3, 1, 0], [2, 2, 2, 5], [0, 0], [7])
    for seed in range(10):
        _, val = hold_out(odd, 4, seed)
        (split,) = val.splits
        gallery = {(record.person_id, record.camera_id) for record in split.gallery}
        assert {record.person_id for record in split.query} == {0, 1, 2, 3}
        for query in split.query:
            assert any(p == query.person_id and c != query.camera_id for p, c in gallery)


def test_without_cameras_the_first_image_is_the_query() -> None:
    _, val = hold_out(dataset([None, None, None], [None], [None, None]), 2)
    assert val.protocol == "all_images"
    assert [record.path for record in val.splits[0].query] == ["0_0", "2_0"]
    assert [record.path for record in val.splits[0].gallery] == ["0_1", "0_2", "2_1"]


def test_seed_determines_the_held_out_identities() -> None:
    assert hold_out(MANY, 5, seed=3) == hold_out(MANY, 5, seed=3)
    assert hold_out(MANY, 5, seed=3) != hold_out(MANY, 5, seed=4)


def test_junk_stays_where_it_was() -> None:
    junk = ImageRecord("junk", -1, 0)
    with_junk = ReidDataset("mine", "/root", (*MANY.train, junk), (SPLIT,), "cross_camera")
    train, val = hold_out(with_junk, 19)
    assert junk in train.train
    assert junk not in (*val.splits[0].query, *val.splits[0].gallery)


@pytest.mark.parametrize(
    ("given", "identities"),
    [(MANY, 0), (MANY, 20), (dataset([0, 0], [0, 1], [1, 1]), 2), (dataset([0, 1]), 1)],
)
def test_holding_out_none_or_too_many_is_refused(given: ReidDataset, identities: int) -> None:
    with pytest.raises(InvalidInputError, match=f"cannot hold out {identities} of"):
        hold_out(given, identities)


def test_images_of_one_camera_are_compared_with_each_other() -> None:
    with pytest.warns(DatasetWarning, match="all training images are from one camera"):
        train, val = hold_out(dataset(*[[5, 5, 5]] * 4, [5]), 3)
    (split,) = val.splits
    assert val.protocol == "all_images"
    assert (len(split.query), len(split.gallery)) == (3, 6)
    assert len(train.train) == 4
    with pytest.raises(InvalidInputError, match="1 of them have two images"):
        hold_out(dataset([5], [5], [5, 5]), 2)


def test_identities_of_unknown_cameras_can_be_held_out_with_others() -> None:
    _, val = hold_out(dataset(*[[None, None]] * 3, [0, 1], [0]), 4)
    assert val.protocol == "all_images"
