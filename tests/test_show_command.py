"""The show command: sheets, part images, textures and maps."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align.show import main
from reid_align.uv import IUV, save_iuv

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight images in the folder ``crops`` of the current folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "crops"
    folder.mkdir()
    for file in sorted(EXAMPLES.glob("000[12]_*.jpg")):
        shutil.copy(file, folder)
    return Path("crops")


def size_of(file: str) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


def test_a_sheet_shows_an_evenly_spaced_selection(
    crops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sheet", str(crops), "-o", "all.png", "--height", "64"]) == 0
    assert "8 images in all.png" in capsys.readouterr().err
    assert main(["sheet", str(crops), "-o", "some.png", "--limit", "3", "--no-names"]) == 0
    assert "3 of 8 images in some.png" in capsys.readouterr().err
    width, height = size_of("some.png")
    assert height == 160 + 16
    assert width == 3 * (80 + 8) + 8


def test_unreadable_images_are_left_out(crops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (crops / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not an image")
    assert main(["sheet", str(crops), "-o", "sheet.jpg"]) == 3
    errors = capsys.readouterr().err
    assert "left out: crops/broken.jpg" in errors
    assert "8 of 9 images in sheet.jpg" in errors
    assert main(["sheet", "crops/broken.jpg", "-o", "none.jpg"]) == 1
    assert "None of the 1 images can be read" in capsys.readouterr().err
    assert not Path("none.jpg").exists()


def test_parts_are_copied_from_the_maps(crops: Path) -> None:
    for file in crops.iterdir():
        with Image.open(file) as image:
            planes = torch.zeros(3, image.height, image.width, dtype=torch.uint8)
        planes[0, : planes.shape[1] // 2] = 2  # the torso fills the upper half
        planes[1] = torch.linspace(0, 255, planes.shape[1]).round().byte()[:, None]
        planes[2] = torch.linspace(0, 255, planes.shape[2]).round().byte()
        (Path("maps") / crops).mkdir(parents=True, exist_ok=True)
        save_iuv(Path("maps") / file.with_suffix(".png"), IUV(planes))
    first = str(min(crops.iterdir()))
    assert main(["parts", first, "-o", "parts.png", "--maps", "maps"]) == 0
    with Image.open("parts.png") as sheet:
        grid = np.asarray(sheet.convert("RGB"))[8:204, 8 + 2 * 98 :]
    # Part 2 is the second cell of the first row; its upper half is filled.
    empty = (grid == (228, 230, 234)).all(-1)
    assert not empty[4:14, 55:85].any()
    assert empty[30:44, 55:85].all()
    assert empty[60:].mean() > 0.7


def test_missing_maps_and_weights_are_named(
    crops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parts", str(crops), "-o", "parts.png", "--maps", "nowhere"]) == 2
    assert "unwrap IMAGES -o FOLDER --to iuv" in capsys.readouterr().err
    (crops / "empty").mkdir()
    assert main(["texture", str(crops), "-o", "t.png", "--weights", "crops/empty"]) == 1
    assert "crops/empty" in capsys.readouterr().err
    assert not Path("parts.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sheet", "crops", "-o", "s.tif"], "the suffix must be one of"),
        (["sheet", "crops", "-o", "s.png", "--limit", "0"], "--limit 0: give at least 1"),
        (["sheet", "crops", "-o", "s.png", "--height", "0"], "The image height is 0 pixels"),
        (["map", "crops", "-o", "m.png", "--seed", "-1"], "--seed -1: give a number from 0"),
    ],
)
def test_wrong_options_are_refused(
    arguments: list[str], message: str, crops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["crops"]


@pytest.mark.services  # umap-learn compiles for 20 s
def test_a_map_of_images_is_colored_by_a_column_and_reproducible(
    crops: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with open("labels.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "person_id"])
        writer.writerows([str(path), path.name[:4]] for path in sorted(crops.iterdir()))
    options = ["--weights", weights, "--device", "cpu"]
    labels = ["--color", "person_id", "--metadata", "labels.csv"]
    assert main(["map", str(crops), "-o", "map.png", *options, *labels]) == 0
    assert "8 images in map.png" in capsys.readouterr().err
    with Image.open("map.png") as image:
        colors = set(map(tuple, np.asarray(image).reshape(-1, 3).tolist()))
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= colors
    assert main(["map", str(crops), "-o", "again.png", *options, *labels]) == 0
    assert Path("again.png").read_bytes() == Path("map.png").read_bytes()
    assert main(["map", str(crops), "-o", "unlabeled.png", *options]) == 0
    assert size_of("unlabeled.png")[0] == size_of("map.png")[0] - 200
    (crops / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not an image")
    assert main(["map", str(crops), "-o", "rest.png", *options]) == 3
    assert "left out: crops/broken.jpg" in capsys.readouterr().err
    assert main(["map", str(crops), "-o", "x.png", *options, "--color", "camera"]) == 2
    assert "has no column 'camera'" in capsys.readouterr().err
