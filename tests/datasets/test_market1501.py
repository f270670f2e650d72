import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from dataset_trees import (
    MARKET_BOXES,
    MARKET_DISTRACTORS,
    MARKET_GALLERY,
    MARKET_QUERY,
    MARKET_TRAIN,
    market1501,
    market1501_multiple_query,
)

from reid_align.datasets import ImageRecord, ReidDataset, load_dataset
from reid_align.errors import DatasetFormatError, DatasetOptionError


def names(records: Iterable[ImageRecord]) -> list[str]:
    return [os.path.basename(record.path) for record in records]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return market1501(tmp_path).root


def load(root: Path) -> ReidDataset:
    return load_dataset("market1501", root, check_counts=False)


def test_junk_and_other_files_are_left_out_and_distractors_stay(root: Path) -> None:
    dataset = load(root)
    (split,) = dataset.splits
    assert names(dataset.train) == sorted(MARKET_TRAIN)
    assert names(split.query) == sorted(MARKET_QUERY)
    assert names(split.gallery) == sorted(MARKET_GALLERY + MARKET_DISTRACTORS)
    assert [r.person_id for r in split.gallery if "0000_" in r.path] == [0, 0]


def test_person_and_camera_come_from_the_name(root: Path) -> None:
    found = {os.path.basename(r.path): r for r in load(root).splits[0].query}
    record = found["1501_c3s1_000451_00.jpg"]
    assert (record.person_id, record.camera_id) == (1501, 3)


@pytest.mark.parametrize(
    "name",
    [
        "portrait.jpg",
        "002_c1s1_000451_03.jpg",
        "0002_c7s1_000451_03.jpg",
        "0002_c11_1.jpg",
        "-2_c1s1.png",
    ],
)
@pytest.mark.parametrize("folder", ["bounding_box_train", "query", "bounding_box_test"])
def test_image_with_another_name_is_named_in_the_error(root: Path, folder: str, name: str) -> None:
    (root / folder / name).touch()
    with pytest.raises(DatasetFormatError, match=rf"{folder}/{name} is not named like 0002_c1s1_"):
        load(root)


def test_folder_without_images_is_named_in_the_error(root: Path) -> None:
    for path in (root / "query").iterdir():
        path.unlink()
    (root / "query" / "Thumbs.db").touch()
    with pytest.raises(DatasetFormatError, match=r"query contains no images. Images end in .apng"):
        load(root)


def test_upper_case_suffixes_are_images_too(root: Path) -> None:
    (root / "query" / "0003_c6s1_000451_00.JPG").touch()
    assert "0003_c6s1_000451_00.JPG" in names(load(root).splits[0].query)


def load_multiple(root: Path, **options: str) -> ReidDataset:
    return load_dataset("market1501_multiple_query", root, check_counts=False, **options)


def test_multiple_query_has_the_hand_drawn_boxes_of_each_query(tmp_path: Path) -> None:
    dataset = load_multiple(market1501_multiple_query(tmp_path).root)
    single = load(tmp_path)
    (split,) = dataset.splits
    assert dataset.protocol == "multiple_query"
    of_queries = {(r.person_id, r.camera_id) for r in single.splits[0].query}
    assert {(r.person_id, r.camera_id) for r in split.query} == of_queries
    expected = [name for name in sorted(MARKET_BOXES) if not name.startswith(("0002", "0003_c5"))]
    assert names(split.query) == expected
    assert split.gallery == single.splits[0].gallery
    assert dataset.train == single.train


def test_pooling_selects_the_protocol(tmp_path: Path) -> None:
    root = market1501_multiple_query(tmp_path).root
    assert load_multiple(root, pooling="max").protocol == "multiple_query_max"
    with pytest.raises(
        DatasetOptionError, match=r"pooling 'sum' does not exist\. Choose from mean"
    ):
        load_multiple(root, pooling="sum")


def test_a_query_without_a_hand_drawn_box_is_named(tmp_path: Path) -> None:
    root = market1501_multiple_query(tmp_path).root
    for path in (root / "gt_bbox").glob("1501_c3*"):
        path.unlink()
    with pytest.raises(
        DatasetFormatError, match=r"no image of 1 of the 4 queries.*1501_c3s1_000451"
    ):
        load_multiple(root)
