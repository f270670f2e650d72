"""Union of training datasets."""

import pytest

from reid_align.datasets.dataset_types import ImageRecord, ReidDataset
from reid_align.datasets.dataset_union import join_datasets
from reid_align.errors import InvalidInputError


def make_dataset(name: str, *records: tuple[str, int, int | None]) -> ReidDataset:
    images = tuple(ImageRecord(f"/data/{name}/{file}", *ids) for file, *ids in records)
    return ReidDataset(name, f"/data/{name}", images, (), "cross_camera")


A = make_dataset("a", ("0.jpg", 7, 0), ("1.jpg", 7, 1), ("2.jpg", -1, 0))
B = make_dataset("b", ("0.jpg", 7, 0), ("1.jpg", 9, None))


def test_equal_ids_of_two_datasets_are_distinct() -> None:
    joined = join_datasets([A, B])
    assert (joined.name, joined.root) == ("a+b", "/data")
    assert [(r.path, r.person_id, r.camera_id) for r in joined.train] == [
        ("/data/a/0.jpg", 0, 0),
        ("/data/a/1.jpg", 0, 1),
        ("/data/a/2.jpg", -1, 0),
        ("/data/b/0.jpg", 1, 2),
        ("/data/b/1.jpg", 2, None),
    ]


def test_single_dataset_is_unchanged() -> None:
    assert join_datasets([A]) is A


def test_an_image_in_both_datasets_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"0\.jpg' is in a and in a"):
        join_datasets([A, make_dataset("a", ("0.jpg", 3, 0))])
