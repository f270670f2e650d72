import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from dataset_trees import touch

from reid_align.datasets import ImageRecord, load_dataset
from reid_align.errors import DatasetFormatError, DatasetNotFoundError, InvalidInputError
from reid_align.images import find_images

NAMES = r"^(?P<person_id>-?\d+)_c(?P<camera_id>\d)"
FOLDERS = "(?P<person_id>[^/]+)/"


def rows(records: Iterable[ImageRecord], root: Path) -> list[tuple[str, int, int | None]]:
    return [(os.path.relpath(r.path, root), r.person_id, r.camera_id) for r in records]


def test_splits_come_from_folders_and_ids_from_paths(tmp_path: Path) -> None:
    touch(tmp_path, ["train/3_c1.jpg", "query/10_c2.jpg", "gallery/10_c1.jpg", "gallery/4_c1.jpg"])
    touch(tmp_path, ["readme.txt", "cover.jpg"])
    dataset = load_dataset("folder", tmp_path, pattern=NAMES)
    (split,) = dataset.splits
    assert dataset.protocol == "cross_camera"
    # The texts in sorted order: "10", "3", "4".
    assert rows(dataset.train, tmp_path) == [("train/3_c1.jpg", 1, 0)]
    assert rows(split.query, tmp_path) == [("query/10_c2.jpg", 0, 1)]
    assert rows(split.gallery, tmp_path) == [
        ("gallery/10_c1.jpg", 0, 0),
        ("gallery/4_c1.jpg", 2, 0),
    ]


def test_one_folder_per_identity_is_leave_one_out(tmp_path: Path) -> None:
    touch(tmp_path, ["bo/x.jpg", "bo/deep/y.png", "al/x.jpg", ".trash/z.jpg", "al/.hidden.jpg"])
    dataset = load_dataset("folder", tmp_path, pattern=FOLDERS)
    (split,) = dataset.splits
    assert dataset.protocol == "all_images"
    assert split.query == split.gallery
    expected = [("al/x.jpg", 0, None), ("bo/deep/y.png", 1, None), ("bo/x.jpg", 1, None)]
    assert rows(split.query, tmp_path) == expected


def test_images_match_those_of_extract(tmp_path: Path) -> None:
    names = ["x.jpg", "x.JFIF", "x.gif", "x.ppm", "x.tiff", "x.txt", "gif"]
    touch(tmp_path, [f"al/{name}" for name in names])
    (split,) = load_dataset("folder", tmp_path, pattern=FOLDERS).splits
    assert [record.path for record in split.query] == sorted(find_images([tmp_path]))
    assert len(split.query) == 5


def test_layout_of_market1501_is_read_and_its_junk_left_out(tmp_path: Path) -> None:
    touch(tmp_path / "bounding_box_train", ["0005_c2_f0046985.jpg"])
    touch(tmp_path / "query", ["0001_c1_f0046182.jpg"])
    touch(tmp_path / "bounding_box_test", ["0001_c8_f0046182.jpg", "-1_c1_f0046183.jpg"])
    dataset = load_dataset("folder", tmp_path, pattern=NAMES)
    assert len(dataset.train) == 1
    assert len(dataset.splits[0].query) == 1
    assert rows(dataset.splits[0].gallery, tmp_path / "bounding_box_test") == [
        ("0001_c8_f0046182.jpg", 0, 2)
    ]


def test_training_folder_alone_makes_a_dataset(tmp_path: Path) -> None:
    touch(tmp_path / "train", ["a/1.jpg", "b/2.jpg"])
    dataset = load_dataset("folder", tmp_path, pattern=FOLDERS)
    assert [record.person_id for record in dataset.train] == [0, 1]
    assert dataset.splits == ()


def test_name_that_is_not_utf8_opens_the_file_it_names(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    with open(os.path.join(os.fsencode(tmp_path), b"7", b"caf\xe9.jpg"), "wb") as file:
        file.write(b"image")
    (split,) = load_dataset("folder", tmp_path, pattern=FOLDERS).splits
    with open(split.query[0].path, "rb") as file:
        assert file.read() == b"image"
    with pytest.raises(DatasetFormatError, match=r"finds no person_id in 7/caf\\xe9.jpg") as error:
        load_dataset("folder", tmp_path, pattern=r"(?P<person_id>\d+)_c")
    str(error.value).encode("utf-8")


@pytest.mark.parametrize(("present", "absent"), [("query", "gallery"), ("gallery", "query")])
def test_query_folder_without_gallery_or_the_reverse_is_refused(
    tmp_path: Path, present: str, absent: str
) -> None:
    touch(tmp_path / present, ["1_c1.jpg"])
    with pytest.raises(DatasetFormatError, match=rf"0 {absent}|and 0 gallery"):
        load_dataset("folder", tmp_path, pattern=NAMES)


@pytest.mark.parametrize("pattern", [NAMES, r"(?P<person_id>\d*)"])
def test_image_without_a_person_id_is_named(tmp_path: Path, pattern: str) -> None:
    touch(tmp_path, ["1_c1.jpg", "sub/portrait.jpg"])
    with pytest.raises(DatasetFormatError, match=r"finds no person_id in sub/portrait.jpg, below"):
        load_dataset("folder", tmp_path, pattern=pattern)


def test_camera_in_some_names_only_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, ["1_c1.jpg", "1.jpg"])
    with pytest.raises(
        DatasetFormatError, match=r"1 of 2 images have a camera_id, but .*/1.jpg has no"
    ):
        load_dataset("folder", tmp_path, pattern=r"(?P<person_id>\d+)(_c(?P<camera_id>\d))?")


def test_pattern_that_is_not_a_regular_expression_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"is not a regular expression: missing"):
        load_dataset("folder", tmp_path, pattern="(?P<person_id>")


@pytest.mark.parametrize("pattern", [r"(\d+)", "(?P<pid>x)"])
def test_pattern_without_a_person_group_is_refused(tmp_path: Path, pattern: str) -> None:
    message = re.escape(f"The pattern {pattern} has no group named person_id. Write the group")
    with pytest.raises(InvalidInputError, match=message):
        load_dataset("folder", tmp_path, pattern=pattern)


def test_pattern_with_an_unknown_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="has the unknown group cam"):
        load_dataset("folder", tmp_path, pattern="(?P<person_id>x)(?P<cam>y)")


def test_pattern_is_required(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidInputError, match=r"needs the option 'pattern'.* Example: pattern=\(\?P<person_id>"
    ):
        load_dataset("folder", tmp_path)


def test_folder_without_images_says_what_is_in_it(tmp_path: Path) -> None:
    touch(tmp_path, [f"{letter}.txt" for letter in "abcdefgh"])
    said = "expected images, found a.txt, b.txt, c.txt, d.txt, e.txt, f.txt and 2 more"
    with pytest.raises(DatasetNotFoundError, match=said):
        load_dataset("folder", tmp_path, pattern=NAMES)
