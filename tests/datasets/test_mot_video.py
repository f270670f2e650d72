"""Video in MOT format: boxes, frames, query and gallery of re-association."""

from pathlib import Path

import numpy as np
import pytest
from dataset_trees import mot
from PIL import Image

from reid_align.datasets import load_dataset, read_image
from reid_align.datasets.frame_boxes import frame_box_name, split_box_name
from reid_align.errors import (
    DatasetFormatError,
    DatasetNotFoundError,
    DatasetOptionError,
    ImageReadError,
)
from reid_align.images.box_crop import Box


def sequence(folder: Path, lines: list[str], frames: int = 4) -> Path:
    """Write a sequence with real frames; a pixel holds frame, row and column."""
    (folder / "gt").mkdir(parents=True)
    (folder / "img1").mkdir()
    (folder / "gt" / "gt.txt").write_text("\n".join(lines) + "\n")
    for frame in range(1, frames + 1):
        pixels = np.zeros((40, 60, 3), np.uint8)
        pixels[..., 0] = frame
        pixels[..., 1] = np.arange(40)[:, None]
        pixels[..., 2] = np.arange(60)
        Image.fromarray(pixels).save(folder / "img1" / f"{frame:06d}.png")
    return folder


BOTH = [f"{f},{t},{10 * t + 1},5,8,20,1,1,1" for f in (1, 2, 3, 4) for t in (1, 2)]


def test_queries_and_galleries_are_the_boxes_of_frames_a_gap_apart(tmp_path: Path) -> None:
    tree = mot(tmp_path)
    dataset = load_dataset("mot", tree.root, gap=2, stride=2)
    (split,) = dataset.splits
    assert (dataset.protocol, dataset.camera_names) == ("reassociation", ("hall", "street"))
    assert dataset.person_names == ("hall:1", "hall:2", "street:1", "street:2", "street:7")
    frames = {0: "hall", 1: "street"}
    queries = {
        (frames[r.camera_id], dataset.person_name(r.person_id), r.path.split("/")[-1][:6])
        for r in split.query
    }
    assert queries == {
        *((n, f"{n}:{t}", f"00000{f}") for n in ("hall", "street") for t in (1, 2) for f in (1, 3)),
        *(("street", "street:7", f"00000{f}") for f in (1, 3)),
    }
    for query in split.query:
        here = int(query.path.split("/")[-1][:6])
        candidates = [r for r in split.gallery if r.group_id == query.group_id]
        assert len(candidates) == (2 if query.camera_id == 0 else 3)
        assert {int(r.path.split("/")[-1][:6]) for r in candidates} == {here + 2}
        assert {r.camera_id for r in candidates} == {query.camera_id}


def test_one_sequence_is_a_dataset_and_boxes_are_cut_from_frames(tmp_path: Path) -> None:
    dataset = load_dataset("mot", sequence(tmp_path / "one", BOTH), gap=3)
    (split,) = dataset.splits
    assert len(split.query) == len(split.gallery) == 2
    crop = read_image(split.gallery[0].path)
    assert crop.shape == (20, 8, 3)
    # Boxes of the file count from 1.
    assert crop[0, 0].tolist() == [4, 4, 10]
    assert crop[-1, -1].tolist() == [4, 23, 17]


def test_only_visible_pedestrians_that_count_are_used(tmp_path: Path) -> None:
    lines = [
        *BOTH,
        *(f"{f},3,1,1,8,20,0,1,1" for f in (1, 3)),  # not to be counted
        *(f"{f},4,1,1,8,20,1,7,1" for f in (1, 3)),  # a standing person
        *(f"{f},5,1,1,8,20,1,1,0.2" for f in (1, 3)),  # occluded
        *(f"{f},6,1,1,0,20,1,1,1" for f in (1, 3)),  # without pixels
        *(f"{f},8,1,1,8,20" for f in (1, 3)),  # the shortest form
        *(f"{f},9,1,1,8,20,1,-1,-1,-1" for f in (1, 3)),  # as in MOT15
    ]
    root = sequence(tmp_path / "one", lines)
    names = load_dataset("mot", root, gap=2, min_visibility=30).person_names
    assert names == ("one:1", "one:2", "one:8", "one:9")
    assert "one:5" in load_dataset("mot", root, gap=2).person_names


def test_a_query_needs_its_track_and_another_box_later(tmp_path: Path) -> None:
    lines = ["1,1,1,1,8,20", "1,2,20,1,8,20", "3,1,1,1,8,20", "3,3,20,1,8,20", "4,1,1,1,8,20"]
    (split,) = load_dataset("mot", sequence(tmp_path / "one", lines), gap=2, stride=1).splits
    assert [r.path.split("/")[-1] for r in split.query] == ["000001.png#xywh=0,0,8,20"]
    assert len(split.gallery) == 2
    with pytest.raises(DatasetFormatError, match=r"1 frames later.*Set a smaller gap"):
        load_dataset("mot", tmp_path / "one", gap=1, stride=1)


def test_the_copies_of_a_mot17_sequence_are_read_once(tmp_path: Path) -> None:
    for name in ("MOT17-02-DPM", "MOT17-02-SDP", "MOT17-04-FRCNN"):
        sequence(tmp_path / name, BOTH)
    dataset = load_dataset("mot", tmp_path, gap=2)
    assert dataset.camera_names == ("MOT17-02", "MOT17-04")
    assert "MOT17-02-DPM" in dataset.splits[0].query[0].path


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,1,5", "'1,1,5' is not a line of MOT format"),
        ("1,1,a,5,8,20", "line 9"),
        ("1.5,1,5,5,8,20", "not a line of MOT format"),
        ("1,nan,5,5,8,20", "not a line of MOT format"),
        ("9,1,5,5,8,20", "the frame 9 is not in"),
        ("2,1,5,5,8,20", "the track 1 is in the frame 2 twice"),
        ("\x00\x01\ufffd", "not a line of MOT format"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    root = sequence(tmp_path / "one", [*BOTH, line])
    with pytest.raises(DatasetFormatError, match=message):
        load_dataset("mot", root, gap=1)


def test_missing_parts_are_named(tmp_path: Path) -> None:
    root = sequence(tmp_path / "MOT17" / "train" / "one", BOTH)
    with pytest.raises(DatasetNotFoundError, match="there are sequences in train/"):
        load_dataset("mot", tmp_path / "MOT17", gap=1)
    (root / "img1" / "cover.png").write_bytes((root / "img1" / "000001.png").read_bytes())
    with pytest.raises(DatasetFormatError, match=r"cover\.png is not named like 000001"):
        load_dataset("mot", root, gap=1)
    (root / "img1").rename(root / "frames")
    with pytest.raises(DatasetFormatError, match="no folder img1"):
        load_dataset("mot", root, gap=1)


@pytest.mark.parametrize("lines", [[], ["1,1,5,5,8,20,0,1,1"]])
def test_ground_truth_without_a_pedestrian_is_refused(tmp_path: Path, lines: list[str]) -> None:
    root = sequence(tmp_path / "one", lines)
    with pytest.raises(DatasetFormatError, match="no box of a pedestrian that counts"):
        load_dataset("mot", root)


@pytest.mark.parametrize(
    "options", [{"gap": 0}, {"stride": -1}, {"gap": 1.5}, {"min_visibility": 101}, {"gap": True}]
)
def test_options_out_of_range_are_refused(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(DatasetOptionError, match=f"mot: {next(iter(options))}"):
        load_dataset("mot", tmp_path, **options)


@pytest.mark.parametrize("file", ["a/000001.jpg", "odd#name.jpg", "line\nbreak.jpg"])
def test_names_of_boxes_are_read_back(file: str) -> None:
    box = Box(-3.25, 4, 61.5, 70)
    assert split_box_name(frame_box_name(file, box)) == (file, box)
    assert split_box_name(file) is None


def test_unusable_boxes_and_frames_are_named(tmp_path: Path) -> None:
    frame = sequence(tmp_path / "one", BOTH) / "img1" / "000001.png"
    with pytest.raises(ImageReadError, match=r"000001\.png: .* outside the frame of 60 x 40"):
        read_image(f"{frame}#xywh=60,0,5,5")
    with pytest.raises(ImageReadError, match="is empty"):
        read_image(f"{frame}#xywh=6,0,0,5")
    with pytest.raises(ImageReadError, match=r"000009\.png"):
        read_image(f"{frame.parent}/000009.png#xywh=0,0,5,5")
