import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from dataset_trees import MSMT_GALLERY, MSMT_QUERY, MSMT_TRAIN, MSMT_VAL, msmt17

from reid_align.datasets import ImageRecord, ReidDataset, load_dataset
from reid_align.errors import DatasetFormatError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return msmt17(tmp_path, "train", "test").root


def load(root: Path, **options: int | bool | str) -> ReidDataset:
    return load_dataset("msmt17_v1", root, check_counts=False, **options)


def listed(records: Iterable[ImageRecord], folder: str) -> list[tuple[str, int]]:
    return [(os.path.relpath(record.path, folder), record.person_id) for record in records]


def test_lists_define_the_parts(root: Path) -> None:
    dataset = load(root)
    (split,) = dataset.splits
    assert listed(dataset.train, root / "train") == sorted(MSMT_TRAIN)
    assert listed(split.query, root / "test") == sorted(MSMT_QUERY)
    assert listed(split.gallery, root / "test") == sorted(MSMT_GALLERY)


def test_validation_images_are_training_images_with_combine_val(root: Path) -> None:
    dataset = load(root, combine_val=True)
    assert listed(dataset.train, root / "train") == sorted(MSMT_TRAIN + MSMT_VAL)


def test_camera_is_the_third_field_counted_from_zero(root: Path) -> None:
    cameras = {os.path.basename(r.path)[9:11]: r.camera_id for r in load(root).train}
    assert cameras == {"15": 14, "14": 13, "13": 12}


def test_blank_lines_and_windows_line_ends_are_ignored(root: Path) -> None:
    before = load(root)
    path = root / "list_query.txt"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert load(root) == before


def test_missing_images_are_counted_and_the_first_is_named(root: Path) -> None:
    lines = (root / "list_gallery.txt").read_text().splitlines()
    for line in lines[2:5]:
        (root / "test" / line.split()[0]).unlink()
    said = f"3 of the 9 images in .*list_gallery.txt are missing, the first is .*{lines[2][:-2]}"
    with pytest.raises(DatasetFormatError, match=said):
        load(root)


@pytest.mark.parametrize(
    "line", ["0000/0000_045_12_a.jpg", "0000/portrait.jpg 0", "0000/0000_045_12_a.jpg zero"]
)
def test_malformed_line_is_named_with_its_number(root: Path, line: str) -> None:
    path = root / "list_val.txt"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DatasetFormatError, match=rf"list_val.txt:3 is '{line}', expected a path"):
        load(root)
