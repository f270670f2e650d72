"""Synthetic video: files in MOT format, and boxes that are those of the people in the frames."""

import configparser
from pathlib import Path

import numpy as np
import pytest

from reid_align.datasets import load_dataset
from reid_align.datasets.mot_sequences import read_sequences
from reid_align.errors import InvalidInputError, OutputExistsError
from reid_align.images import decode_image
from reid_align.synth import StreetSettings, write_street_video
from reid_align.synth.shared_world import camera_and_scene
from reid_align.synth.street_frames import render_frame
from reid_align.synth.street_walkers import build_walkers, place_walkers

SETTINGS = StreetSettings(people=2, frames=6, cameras=2, seed=1)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("video") / "street"
    assert write_street_video(folder, SETTINGS) == [folder / "camera1", folder / "camera2"]
    return folder


@pytest.mark.slow
def test_a_video_is_in_mot_format(street: Path) -> None:
    first, second = read_sequences("mot", str(street))
    assert (first.name, second.name) == ("camera1", "camera2")
    assert sorted(first.files) == list(range(1, 7))
    assert decode_image(first.files[1]).shape == (540, 960, 3)
    info = configparser.ConfigParser()
    info.read(street / "camera1" / "seqinfo.ini")
    assert dict(info["Sequence"]) == {
        "name": "camera1",
        "imdir": "img1",
        "framerate": "10",
        "seqlength": "6",
        "imwidth": "960",
        "imheight": "540",
        "imext": ".jpg",
    }
    lines = [
        line for path in street.glob("*/det/det.txt") for line in path.read_text().splitlines()
    ]
    assert lines
    for line in lines:
        values = [float(value) for value in line.split(",")]
        assert len(values) == 10
        assert 0.35 <= values[6] <= 0.99


@pytest.mark.slow
def test_the_same_settings_give_the_same_bytes(street: Path, tmp_path: Path) -> None:
    write_street_video(tmp_path / "again", SETTINGS)
    files = sorted(path.relative_to(street) for path in street.rglob("*") if path.is_file())
    assert len(files) == 2 * (6 + 3)
    for file in files:
        assert (street / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


@pytest.mark.slow
def test_a_box_is_where_its_person_is() -> None:
    camera, scene = camera_and_scene(1, 0)
    walkers = place_walkers(build_walkers(1, 2), camera, 1, 6)
    middle = max(walker.first for walker in walkers) + 15
    image, boxes = render_frame(camera, scene, walkers, middle, 1)
    empty, none = render_frame(camera, scene, (), middle, 1)
    assert not none
    assert boxes
    changed = np.abs(image.astype(int) - empty).max(axis=2) > 40
    inside = np.zeros_like(changed)
    for box in boxes:
        assert 0 < box.visible <= 1
        rows = slice(max(0, int(box.top)), int(box.top + box.height) + 2)
        inside[rows, max(0, int(box.left)) : int(box.left + box.width) + 2] = True
    assert (changed & inside).sum() > 0.8 * changed.sum() > 100


@pytest.mark.slow
def test_a_video_is_a_dataset(street: Path) -> None:
    (split,) = load_dataset("mot", street, gap=1, stride=1).splits
    assert {record.camera_id for record in split.query} <= {0, 1}


@pytest.mark.parametrize("wrong", [{"people": 0}, {"frames": 10_001}, {"cameras": 11}])
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError, match="give 1 to"):
        StreetSettings(**wrong)
    with pytest.raises(InvalidInputError, match="seed -1"):
        StreetSettings(seed=-1)


def test_a_folder_with_files_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputExistsError):
        write_street_video(tmp_path, SETTINGS)
