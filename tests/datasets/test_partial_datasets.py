import os
from itertools import product
from pathlib import Path

import pytest
from dataset_trees import partial_ilids, partial_reid

from reid_align.datasets import ImageRecord, load_dataset
from reid_align.errors import DatasetFormatError


def name_of(record: ImageRecord) -> str:
    return os.path.basename(record.path)


def test_single_shot_pairs_each_of_five_probe_sets_with_each_of_five_galleries(
    tmp_path: Path,
) -> None:
    splits = load_dataset("partial_reid", partial_reid(tmp_path, identities=60).root).splits
    assert len(splits) == 25
    for split, (probe, whole) in zip(splits, product(range(1, 6), repeat=2), strict=True):
        assert split.name == f"probe_{probe}_whole_{whole}"
        people = range(1, 61)
        assert [name_of(r) for r in split.query] == [f"{p:03d}_{probe + 5:03d}.jpg" for p in people]
        assert [name_of(r) for r in split.gallery] == [f"{p:03d}_{whole:03d}.jpg" for p in people]


def test_all_against_all_is_one_split_of_300_by_300(tmp_path: Path) -> None:
    (split,) = load_dataset("partial_reid_all", partial_reid(tmp_path, identities=60).root).splits
    assert len(split.query) == len(split.gallery) == 300


@pytest.mark.parametrize("name", ["partial_reid", "partial_reid_all", "partial_ilids"])
def test_numbers_in_names_are_not_cameras(name: str, tmp_path: Path) -> None:
    make = partial_ilids if name == "partial_ilids" else partial_reid
    for split in load_dataset(name, make(tmp_path).root, check_counts=False).splits:
        assert {record.camera_id for record in split.query} == {0}
        assert {record.camera_id for record in split.gallery} == {1}


def test_single_shot_needs_as_many_images_of_each_person(tmp_path: Path) -> None:
    root = partial_reid(tmp_path).root
    (root / "whole_body_images" / "002_003.jpg").unlink()
    said = "whole_body_images have between 4 and 5 images. .* partial_reid_all does not"
    with pytest.raises(DatasetFormatError, match=said):
        load_dataset("partial_reid", root, check_counts=False)
    (split,) = load_dataset("partial_reid_all", root, check_counts=False).splits
    assert len(split.gallery) == 14


@pytest.mark.parametrize(
    "folders",
    [("Probe", "Gallery"), ("query", "gallery"), ("partial_body_images", "whole_body_images")],
)
def test_partial_ilids_is_read_under_each_of_its_folder_names(
    folders: tuple[str, str], tmp_path: Path
) -> None:
    root = partial_ilids(tmp_path, folders).root
    (split,) = load_dataset("partial_ilids", root, check_counts=False).splits
    assert [record.person_id for record in split.query] == [1, 2, 30]
    assert {os.path.basename(os.path.dirname(r.path)) for r in split.query} == {folders[0]}
    assert {os.path.basename(os.path.dirname(r.path)) for r in split.gallery} == {folders[1]}


def test_missing_partial_ilids_lists_all_folder_names(tmp_path: Path) -> None:
    said = "expected Probe/, Gallery/ or query/, gallery/ or partial_body_images/, whole_body"
    with pytest.raises(FileNotFoundError, match=said):
        load_dataset("partial_ilids", tmp_path)


def test_partial_ilids_names_may_have_a_second_number(tmp_path: Path) -> None:
    root = partial_ilids(tmp_path).root
    (root / "Probe" / "030.jpg").rename(root / "Probe" / "030_1.jpg")
    (split,) = load_dataset("partial_ilids", root, check_counts=False).splits
    assert [record.person_id for record in split.query] == [1, 2, 30]


@pytest.mark.parametrize("name", ["partial_reid", "partial_ilids"])
def test_image_with_another_name_is_named_in_the_error(name: str, tmp_path: Path) -> None:
    root = (partial_ilids if name == "partial_ilids" else partial_reid)(tmp_path).root
    folder = "Gallery" if name == "partial_ilids" else "whole_body_images"
    (root / folder / "p01.jpg").touch()
    with pytest.raises(DatasetFormatError, match=rf"{folder}/p01.jpg is not named like 001"):
        load_dataset(name, root, check_counts=False)
