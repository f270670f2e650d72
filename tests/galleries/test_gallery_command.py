"""The verb ``gallery``, and ``search`` on a stored gallery."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from reid_align import Gallery, extract, gallery, read_features, search

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("0001_c13s1_000001_00.jpg", "0001_c3s1_000004_00.jpg", "0002_c18s1_000003_00.jpg")
ENCODER = ("--model", "san_resnet14", "--weights", "random")


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "crops"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(EXAMPLES / name, folder)
    return folder


@pytest.fixture(scope="module")
def metadata(crops: Path) -> Path:
    table = crops.parent / "cameras.csv"
    cameras = dict(zip(NAMES, (13, 3, 18), strict=True))
    lines = [f"{crops / name},{camera},000{camera}" for name, camera in cameras.items()]
    table.write_text("\n".join(["path,camera,person_id", *lines]))
    return table


@pytest.fixture(scope="module")
def stored(crops: Path, metadata: Path) -> Path:
    folder = crops.parent / "gallery"
    arguments = ["add", str(folder), str(crops), "--metadata", str(metadata), *ENCODER]
    assert gallery.main(arguments) == 0
    return folder


def test_images_and_metadata_are_stored(
    stored: Path, crops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gallery.main(["list", str(stored)]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(row["path"], row["camera"], row["person_id"]) for row in rows] == [
        (str(crops / NAMES[0]), "13", "00013"),
        (str(crops / NAMES[1]), "3", "0003"),
        (str(crops / NAMES[2]), "18", "00018"),
    ]
    assert gallery.main(["info", str(stored), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["model"]) == (3, "san_resnet14")
    assert found["columns"] == {"camera": "int", "person_id": "str"}
    assert gallery.main(["info", str(stored)]) == 0
    assert "path (str), camera (int), person_id (str)" in capsys.readouterr().out


def test_search_answers_as_on_the_features(
    stored: Path, crops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    features = tmp_path / "feats.npy"
    assert extract.main([str(crops), "-o", str(features), *ENCODER]) == 0
    query, tables = str(crops / NAMES[0]), {}
    for name, source in (("npy", features), ("gallery", stored)):
        output = tmp_path / f"{name}.csv"
        assert search.main([query, "--gallery", str(source), "-k", "2", "-o", str(output)]) == 0
        tables[name] = list(csv.DictReader(output.read_text().splitlines()))
    for one, two in zip(tables["npy"], tables["gallery"], strict=True):
        assert (one["path"], one["rank"]) == (two["path"], two["rank"])
        assert float(one["distance"]) == pytest.approx(float(two["distance"]), abs=1e-5)
    assert {row["camera"] for row in tables["gallery"]} == {"3", "18"}
    capsys.readouterr()
    searched = [query, "-k", "2", "--gallery", str(stored), "--where", "camera > 10"]
    assert search.main(searched) == 0
    shown = capsys.readouterr().out
    assert NAMES[2] in shown
    assert NAMES[1] not in shown
    assert search.main([query, "--gallery", str(features), "--where", "camera > 10"]) == 2
    assert "needs a stored gallery" in capsys.readouterr().err


def test_repeated_add_remove_and_compact(
    stored: Path, crops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(stored, folder)
    assert gallery.main(["remove", str(folder), "--where", "camera = 3"]) == 0
    # The gallery records the encoder: no option is needed.
    assert gallery.main(["add", str(folder), str(crops)]) == 0
    assert "Added 1 row (2 were there already)" in capsys.readouterr().err
    assert gallery.main(["compact", str(folder), "--keep-days", "0"]) == 0
    before, after = Gallery.open(stored).load(), Gallery.open(folder).load()
    order = [after.features.paths.index(path) for path in before.features.paths]
    assert np.allclose(before.features.values, after.features.values[order], atol=1e-5)


def test_feature_files_are_added(
    crops: Path, metadata: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    features, folder = tmp_path / "feats.npy", tmp_path / "gallery"
    assert extract.main([str(crops), "-o", str(features), *ENCODER]) == 0
    arguments = ["add", str(folder), str(features), "--metadata", str(metadata)]
    assert gallery.main(arguments) == gallery.main(arguments) == 0
    stored = Gallery.open(folder)
    assert np.array_equal(stored.load().features.values, read_features(features).values)
    assert stored.digest == read_features(features).digest
    assert stored.count("camera = 18 AND person_id = '00018'") == 1


def test_wrong_use_is_refused(
    stored: Path, crops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = [
        (["remove", str(stored), "--where", "cam = 1"], "Unknown column 'cam'"),
        (["info", str(tmp_path)], "is not a gallery"),
        (["index", str(stored)], "at least 1,000"),
        (["add", str(stored), str(crops), "--flip"], "--flip: .* Leave out"),
        (["add", str(stored), str(crops), "--adapt"], "--adapt: a gallery grows"),
        (["add", str(stored), str(crops), "feats.npy"], "not both"),
        (["add", str(stored), str(crops), "--model", "dsa_reid", *ENCODER[2:]], "differ in we"),
    ]
    for arguments, message in cases:
        assert gallery.main(arguments) == 2
        error = capsys.readouterr().err
        assert any(part in error for part in message.split(" .* ")), error
        assert "Traceback" not in error
    assert gallery.main(["add", str(tmp_path / "new"), str(tmp_path / "missing.jpg")]) == 1
    assert not (tmp_path / "new").exists()
    assert len(Gallery.open(stored)) == 3
