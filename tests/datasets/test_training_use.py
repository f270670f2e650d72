"""Custom data without a split as training data."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_align.datasets import load_dataset
from reid_align.datasets.dataset_options import options_by_dataset
from reid_align.datasets.training_use import as_training_set
from reid_align.errors import DatasetOptionError

PATTERN = r"(?P<person_id>\d)_c(?P<camera_id>\d)"


def write_images(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 4, 3), number, np.uint8)).save(folder / name)


def test_images_without_a_split_are_training_images(tmp_path: Path) -> None:
    write_images(tmp_path, "1_c1.png", "1_c2.png", "2_c1.png")
    dataset = as_training_set(load_dataset("folder", tmp_path, pattern=PATTERN))
    assert len(dataset.train) == 3
    assert not dataset.splits
    table = tmp_path / "mine.csv"
    table.write_text("path,person_id\n1_c1.png,1\n1_c2.png,1\n2_c1.png,2\n")
    assert len(as_training_set(load_dataset("csv", table)).train) == 3


def test_data_with_a_split_stay_as_they_are(tmp_path: Path) -> None:
    write_images(tmp_path, "train/1_c1.png", "query/2_c1.png", "gallery/2_c2.png")
    dataset = load_dataset("folder", tmp_path, pattern=PATTERN)
    assert as_training_set(dataset) is dataset
    write_images(tmp_path / "test", "query/2_c1.png", "gallery/2_c2.png")
    tested = load_dataset("folder", tmp_path / "test", pattern=PATTERN)
    assert as_training_set(tested) is tested
    assert not tested.train


def test_options_go_to_the_datasets_that_have_them() -> None:
    found = options_by_dataset(
        ["csv=a.csv", "folder=b", "folder=c", "market1501=d"],
        ["check_counts=false", "2:pattern=x:y", "3:pattern=z"],
    )
    assert found == [[], ["pattern=x:y"], ["pattern=z"], ["check_counts=false"]]
    assert options_by_dataset(["folder=b", "csv=a"], [r"pattern=(?P<person_id>\d+):"]) == [
        [r"pattern=(?P<person_id>\d+):"],
        [],
    ]
    # No dataset has it: each dataset's own error names it.
    assert options_by_dataset(["csv=a", "folder=b"], ["depth=3"]) == [["depth=3"], ["depth=3"]]


def test_an_option_of_a_dataset_that_is_not_given_is_refused() -> None:
    for number in (0, 3):
        with pytest.raises(DatasetOptionError, match=f"there is no dataset {number}; 2 are given"):
            options_by_dataset(["csv=a", "csv=b"], [f"{number}:pattern=x"])
