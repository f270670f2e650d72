import pickle

import pytest

from reid_align.datasets import ImageRecord, ReidDataset, Split
from reid_align.errors import InvalidInputError

A = ImageRecord("a.jpg", 5, 0)
B = ImageRecord("b.jpg", -1, None)
SPLIT = Split("test", (A,), (B,))


@pytest.mark.parametrize(("person_id", "camera_id"), [(-2, 0), (0, -1), (-2, None)])
def test_record_refuses_an_id_below_its_range(person_id: int, camera_id: int | None) -> None:
    with pytest.raises(InvalidInputError, match=rf"'x.jpg' has person_id {person_id}"):
        ImageRecord("x.jpg", person_id, camera_id)


@pytest.mark.parametrize(("query", "gallery"), [((), (A,)), ((A,), ()), ((), ())])
def test_split_needs_a_query_and_a_gallery(
    query: tuple[ImageRecord, ...], gallery: tuple[ImageRecord, ...]
) -> None:
    said = f"'half' has {len(query)} query and {len(gallery)} gallery images"
    with pytest.raises(InvalidInputError, match=said):
        Split("half", query, gallery)


def test_dataset_needs_images_to_train_or_to_test_on() -> None:
    with pytest.raises(InvalidInputError, match=r"'void' has neither"):
        ReidDataset("void", "/data", (), (), "all_images")
    assert ReidDataset("train only", "/data", (A,), (), "all_images").splits == ()
    assert ReidDataset("test only", "/data", (), (SPLIT,), "all_images").train == ()


def test_dataset_can_be_pickled() -> None:
    dataset = ReidDataset("x", "/data", (A, B), (SPLIT,), "all_images")
    assert pickle.loads(pickle.dumps(dataset)) == dataset
