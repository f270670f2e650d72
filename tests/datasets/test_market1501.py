import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from dataset_trees import MARKET_DISTRACTORS, MARKET_GALLERY, MARKET_QUERY, MARKET_TRAIN, market1501

from reid_align.datasets import ImageRecord, ReidDataset, load_dataset
from reid_align.errors import DatasetFormatError


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
