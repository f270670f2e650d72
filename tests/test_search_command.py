"""Command line tests of ``python -m reid_align.search``."""

import csv
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align import create_model, save_pretrained
from reid_align.__main__ import main
from reid_align.extract import main as extract
from reid_align.preprocess import Preprocess
from reid_align.search import main as search

COLORS = [(200, 20, 20), (20, 200, 20), (20, 20, 200), (200, 200, 20)]


@pytest.fixture(scope="module")
def small_weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch.manual_seed(0)
    encoder = create_model("san_resnet18")
    encoder.preprocess = Preprocess(32, 16)
    return str(save_pretrained(encoder, tmp_path_factory.mktemp("weights") / "san"))


@pytest.fixture
def crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four identities of one color each, seen by three cameras, and their metadata."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "crops"
    folder.mkdir()
    random = np.random.default_rng(0)
    lines = ["path,camera,person_id"]
    for person, color in enumerate(COLORS):
        for camera in (1, 2, 3):
            noise = random.integers(-20, 20, (32, 16, 3))
            pixels = np.clip(np.array(color) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{person}_{camera}.png")
            lines.append(f"crops/{person}_{camera}.png,c{camera},{person}")
    Path("meta.csv").write_text("\n".join(lines) + "\n")
    return folder


def read(name: str) -> list[dict[str, str]]:
    with open(name, newline="") as table:
        return list(csv.DictReader(table))


def test_a_table_of_the_nearest_images(crops: Path, small_weights: str) -> None:
    command = ["crops", "--gallery", "crops", "--weights", small_weights, "-k", "2"]
    assert main(["search", *command, "-o", "hits.csv"]) == 0
    rows = read("hits.csv")
    assert list(rows[0]) == ["query", "rank", "path", "distance"]
    assert len(rows) == 24
    assert [row["rank"] for row in rows] == ["1", "2"] * 12
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert float(first["distance"]) <= float(second["distance"])
        # Even random weights separate plain colors.
        assert first["query"][:7] == first["path"][:7] == second["path"][:7]
        assert first["query"] not in (first["path"], second["path"])


def test_a_feature_file_gives_the_same_hits_without_naming_the_encoder(
    crops: Path, small_weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert extract(["crops", "-o", "feats.npy", "--weights", small_weights, "--flip"]) == 0
    folder = ["crops/1_1.png", "--gallery", "crops", "--weights", small_weights, "--flip"]
    assert search([*folder, "-k", "11", "-o", "folder.csv"]) == 0
    file = ["crops/1_1.png", "--gallery", "feats.npy", "-k", "11"]
    assert search([*file, "-o", "file.csv"]) == 0
    assert [row["path"] for row in read("file.csv")] == [row["path"] for row in read("folder.csv")]
    capsys.readouterr()
    assert search([*file[:-1], "2"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "crops/1_1.png"
    assert re.fullmatch(r"    1  0\.\d{4}  crops/1_[23]\.png", shown[1])
    assert len(shown) == 3


def test_features_as_queries_and_metadata_columns(crops: Path, small_weights: str) -> None:
    assert extract(["crops", "-o", "feats.npy", "--weights", small_weights]) == 0
    command = ["feats.npy", "--gallery", "feats.npy", "--metadata", "meta.csv"]
    assert search([*command, "--exclude-same", "camera", "-k", "3", "-o", "hits.csv"]) == 0
    rows = read("hits.csv")
    assert list(rows[0]) == ["query", "rank", "path", "distance", "camera", "person_id"]
    assert len(rows) == 36
    assert all(row["query"][-5] != row["camera"][1] for row in rows)


def test_the_options_of_the_search_change_the_hits(crops: Path, small_weights: str) -> None:
    assert extract(["crops", "-o", "feats.npy", "--weights", small_weights]) == 0
    command = ["crops/0_1.png", "--gallery", "feats.npy", "--metadata", "meta.csv", "-k", "11"]
    found = {}
    for option in ("--rerank", "--expand-query", "--normalize-cameras", "--metric=euclidean"):
        assert search([*command, option, "-o", "hits.csv", "--force"]) == 0
        rows = read("hits.csv")
        assert len({row["path"] for row in rows}) == 11
        distances = [float(row["distance"]) for row in rows]
        assert distances == sorted(distances)
        found[option] = tuple(distances)
    assert len(set(found.values())) == 4


def test_a_sheet_and_a_page(crops: Path, small_weights: str) -> None:
    command = ["crops", "--gallery", "crops", "--weights", small_weights, "--metadata", "meta.csv"]
    assert search([*command, "-k", "4", "--sheet", "hits.png", "--html", "hits.html"]) == 0
    with Image.open("hits.png") as sheet:
        assert sheet.width > 5 * 80
        assert sheet.height > 12 * 160
    page = Path("hits.html").read_text()
    text = re.search(r'<script type="application/json" id="data">(.*)</script>', page)
    data = json.loads(text[1])
    assert data["truth"] is True
    assert [hit["right"] for hit in data["lists"][0]["hits"]] == [True, True, False, False]
    assert data["lists"][0]["query"]["camera"] == "c1"
    assert len(data["thumbnails"]) == 12


@pytest.mark.filterwarnings("default")
def test_a_missing_gallery_file_is_one_warning(
    crops: Path, small_weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert extract(["crops", "-o", "feats.npy", "--weights", small_weights]) == 0
    os.remove("crops/2_2.png")
    os.remove("crops/3_2.png")
    command = ["crops/0_1.png", "--gallery", "feats.npy", "-k", "11"]
    assert search([*command, "-o", "hits.csv", "--html", "hits.html"]) == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert "2 of 12 gallery files are missing (first: crops/2_2.png)" in warnings[0]
    assert len(read("hits.csv")) == 11
    assert '"missing":true' in Path("hits.html").read_text()


def test_paths_below_another_folder(
    crops: Path, small_weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert extract(["crops", "-o", "feats.npy", "--weights", small_weights]) == 0
    root = Path.cwd()
    (root / "elsewhere").mkdir()
    monkeypatch.chdir(root / "elsewhere")
    query, gallery = str(root / "crops/0_1.png"), str(root / "feats.npy")
    assert search([query, "--gallery", gallery, "--root", str(root), "-o", "hits.csv"]) == 0
    assert "crops/0_1.png" not in [row["path"] for row in read("hits.csv")]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["crops/0_1.png", "--gallery", "none.npy"], 1, "Cannot read none"),
        (["crops/0_1.png", "--gallery", "feats.npy", "-k", "0"], 2, "k=0: give at least 1"),
        (["crops/0_1.png", "--gallery", "feats.npy", "--flip"], 2, "--flip: feats.npy records"),
        (["none.png", "--gallery", "feats.npy"], 1, "none.png"),
        (["bad.png", "--gallery", "feats.npy"], 1, "leave it out with --on-error skip"),
        (["bad.png", "--gallery", "feats.npy", "--on-error", "skip"], 2, "no usable query image"),
        (["crops", "feats.npy", "--gallery", "feats.npy"], 2, "either one .npy file of queries"),
        (["crops", "--gallery", "feats.npy", "--exclude-same", "track"], 2, "no column 'track'"),
        (["crops", "--gallery", "crops", "--exclude-same", "camera"], 2, "no column 'camera'"),
        (
            ["crops", "--gallery", "feats.npy", "--metadata", "no.csv"],
            2,
            "Cannot read the metadata",
        ),
        (["crops", "--gallery", "feats.npy", "--sheet", "hits.bmp"], 2, "the suffix must be"),
        (["crops", "--gallery", "feats.npy", "-o", "meta.csv"], 2, "exists"),
        (["crops", "--gallery", "gone.npy"], 2, "Name its weights with --weights FILE"),
        (["crops", "--gallery", "nan.npy"], 2, "1 of 12 rows of the gallery features"),
        (
            ["flipped.npy", "--gallery", "feats.npy"],
            2,
            "the gallery and of the queries cannot be compared: they differ in flip",
        ),
        (
            ["crops", "--gallery", "feats.npy", "--weights", "random", "--model", "san_resnet18"],
            2,
            "For a .npy gallery leave out --model and --weights",
        ),
        (
            ["crops", "--gallery", "feats.npy", "--calibration", "c.json", "--rerank"],
            2,
            "without --rerank",
        ),
    ],
)
def test_bad_input_is_one_line(
    crops: Path,
    small_weights: str,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    assert extract(["crops", "-o", "feats.npy", "--weights", small_weights]) == 0
    Path("bad.png").write_bytes(b"no image")
    if "flipped.npy" in arguments:
        command = ["crops", "-o", "flipped.npy", "--weights", small_weights, "--flip"]
        assert extract(command) == 0
    for name in ("gone", "nan"):
        for suffix in (".npy", ".csv", ".json"):
            shutil.copy(f"feats{suffix}", f"{name}{suffix}")
    description = Path("gone.json").read_text()
    Path("gone.json").write_text(description.replace(small_weights, "nowhere"))
    values = np.load("nan.npy")
    values[5, 3] = np.nan
    np.save("nan.npy", values)
    capsys.readouterr()
    assert search(arguments) == code
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert "error: " in lines[0]
    assert message in lines[0]


def test_an_unreadable_query_is_skipped_with_its_own_exit_code(
    crops: Path, small_weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert extract(["crops", "-o", "feats.npy", "--weights", small_weights]) == 0
    Path("bad.png").write_bytes(b"no image")
    command = ["crops/0_1.png", "bad.png", "--gallery", "feats.npy", "--on-error", "skip"]
    assert search([*command, "-o", "hits.csv"]) == 3
    assert "1 image could not be read (first: bad.png" in capsys.readouterr().err
    assert {row["query"] for row in read("hits.csv")} == {"crops/0_1.png"}
