"""Command line tests of ``python -m reid_align.evaluate``."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_align import read_features
from reid_align.datasets import list_datasets
from reid_align.evaluate import main as evaluate
from reid_align.extract import main as extract

PATTERN = r"pattern=^(?P<person_id>\d+)_c(?P<camera_id>\d)"
FOLDER = ["folder", "people", "--data-option", PATTERN]
WITH_FEATURES = [*FOLDER, "--features", "no.npy"]
COLORS = [(200, 20, 20), (20, 200, 20), (20, 20, 200), (200, 200, 20)]


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four identities of one color each, seen by three cameras, in the current folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "people"
    folder.mkdir()
    random = np.random.default_rng(0)
    for person, color in enumerate(COLORS):
        for camera in (1, 2, 3):
            noise = random.integers(-20, 20, (40, 20, 3))
            pixels = np.clip(np.array(color) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{person:04}_c{camera}.png")
    return folder


def test_an_encoder_is_scored_on_a_folder(
    people: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*FOLDER, "--weights", weights]
    assert evaluate([*command, "-o", "result.json", "--queries", "queries.csv"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("folder, protocol cross_camera: 12 queries, 12 gallery images\n")
    result = json.loads(Path("result.json").read_text())
    assert [score["metric"] for score in result["scores"]] == ["cosine", "euclidean"]
    assert f"{result['scores'][0]['mAP']:.1f}" in shown
    # Even random weights separate plain colors.
    assert result["scores"][1]["rank1"] > 60
    assert result["features"][0]["model"] == "san_resnet50"
    assert result["features"][0]["weights"]["name"] == weights
    assert result["measures"]["metrics"] == ["cosine", "euclidean"]
    assert result["dataset_options"]["pattern"] == PATTERN.partition("=")[2]
    with open("queries.csv", newline="") as table:
        assert len(list(csv.DictReader(table))) == 24


def test_queries_list_the_nearest_images_by_their_own_labels(people: Path, weights: str) -> None:
    for name in people.iterdir():
        name.rename(people / name.name.replace("_c", "_c1"))
    assert extract(["people", "-o", "feats.npy", "--weights", weights]) == 0
    pattern = r"pattern=^(?P<person_id>\d+)_c(?P<camera_id>\d+)"
    command = ["folder", "people", "--data-option", pattern, "--features", "feats.npy"]
    outputs = ["--queries", "q.csv", "--html", "q.html", "--sheet", "q.jpg"]
    assert evaluate([*command, "--metric", "euclidean", "--hits", "3", *outputs]) == 0
    with open("q.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    features = read_features("feats.npy")
    paths = [Path(path).name for path in features.paths]
    for row in rows:
        query = paths.index(Path(row["path"]).name)
        assert (row["person_id"], row["camera_id"]) == (paths[query][:4], paths[query][6:8])
        allowed = [
            (float(np.linalg.norm(features.values[query] - features.values[index])), path)
            for index, path in enumerate(paths)
            # One image per identity and camera: the camera rule leaves out the query alone.
            if index != query
        ]
        for rank, (distance, path) in enumerate(sorted(allowed)[:3], 1):
            assert Path(row[f"hit{rank}_path"]).name == path
            assert float(row[f"hit{rank}_distance"]) == pytest.approx(distance, abs=2e-3)
            assert row[f"hit{rank}_person_id"] == path[:4]
            assert row[f"hit{rank}_camera_id"] == path[6:8]
            assert row[f"hit{rank}_match"] == str(int(path[:4] == row["person_id"]))
        assert "hit4_path" not in row
    assert Path("q.html").read_text().count("data:image/jpeg") == 12
    with Image.open("q.jpg") as sheet:
        assert sheet.height > 12 * 160


def scores(file: str) -> list[tuple[str, bool, bool, float, float]]:
    return [
        (
            score["metric"],
            score["reranked"],
            score["normalize_cameras"],
            pytest.approx(score["rank1"]),
            pytest.approx(score["mAP"]),
        )
        for score in json.loads(Path(file).read_text())["scores"]
    ]


def test_features_of_extract_give_the_same_scores(people: Path, weights: str) -> None:
    command = [*FOLDER, "--rerank", "--normalize-cameras"]
    assert evaluate([*command, "--weights", weights, "-o", "direct.json"]) == 0
    assert extract(["people", "-o", "scaled.npy", "--weights", weights]) == 0
    assert extract(["people", "-o", "raw.npy", "--weights", weights, "--no-normalize"]) == 0
    for index in ("0/2", "1/2"):
        assert extract(["people", "-o", "s.npy", "--weights", weights, "--shard", index]) == 0
    shards = ["s-00000-of-00002.npy", "s-00001-of-00002.npy"]
    for name, files in [("scaled", ["scaled.npy"]), ("raw", ["raw.npy"]), ("shards", shards)]:
        assert evaluate([*command, "--features", *files, "-o", f"{name}_scores.json"]) == 0
        assert len(scores("direct.json")) == 8
        assert scores(f"{name}_scores.json") == scores("direct.json")


def test_without_normalization_both_ways_use_raw_features(
    people: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*FOLDER, "--verification", "--no-normalize"]
    assert evaluate([*command, "--weights", weights, "-o", "direct.json"]) == 0
    assert extract(["people", "-o", "raw.npy", "--weights", weights, "--no-normalize"]) == 0
    assert evaluate([*command, "--features", "raw.npy", "-o", "file.json"]) == 0
    assert capsys.readouterr().out.count("\nFeatures: not scaled.\n") == 2
    assert scores("file.json") == scores("direct.json")
    assert evaluate([*FOLDER, "--verification", "--features", "raw.npy", "-o", "scaled.json"]) == 0
    thresholds = {
        name: json.loads(Path(f"{name}.json").read_text())["verification"][1]["equal_error_point"]
        for name in ("direct", "file", "scaled")
    }
    assert thresholds["direct"]["threshold"] == pytest.approx(thresholds["file"]["threshold"])
    assert thresholds["scaled"]["threshold"] <= 2 < thresholds["file"]["threshold"]


def test_scaled_features_cannot_be_evaluated_without_normalization(
    people: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert extract(["people", "-o", "scaled.npy", "--weights", weights]) == 0
    capsys.readouterr()
    assert evaluate([*FOLDER, "--features", "scaled.npy", "--no-normalize"]) == 2
    assert "Extract them again with --no-normalize" in capsys.readouterr().err


def test_an_unreadable_image_is_left_out_on_request(
    people: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (people / "0002_c1.png").write_bytes(b"no image")
    command = [*FOLDER, "--weights", weights]
    assert evaluate(command) == 1
    error = capsys.readouterr().err
    assert "0002_c1.png" in error
    assert "--on-error skip" in error
    assert evaluate([*command, "--on-error", "skip", "-o", "direct.json"]) == 3
    shown = capsys.readouterr().out
    assert "11 queries, 11 gallery images" in shown
    assert "1 image could not be read and is left out." in shown
    skipped = json.loads(Path("direct.json").read_text())["skipped"]
    assert [Path(image["path"]).name for image in skipped] == ["0002_c1.png"]

    assert extract(["people", "-o", "f.npy", "--weights", weights, "--on-error", "skip"]) == 3
    capsys.readouterr()
    assert evaluate([*FOLDER, "--features", "f.npy"]) == 2
    error = capsys.readouterr().err
    assert "1 of 12 images could not be read" in error
    assert "listed under 'failed'" in error
    assert "0002_c1.png" in error
    assert error.rstrip().endswith("Use --on-error skip.")
    assert evaluate([*FOLDER, "--features", "f.npy", "--on-error", "skip", "-o", "file.json"]) == 3
    assert scores("file.json") == scores("direct.json")


def test_images_missing_from_the_features_are_not_skipped(
    people: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert extract(["people", "-o", "f.npy", "--weights", weights]) == 0
    (people / "0000_c3.png").rename(people / "0000_c9.png")
    capsys.readouterr()
    assert evaluate([*FOLDER, "--features", "f.npy", "--on-error", "skip"]) == 2
    assert "1 of 12 images have no features" in capsys.readouterr().err


def test_labels_are_checked_before_any_image_is_decoded(
    people: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for image in people.iterdir():
        # No identity is seen by two cameras.
        image.write_bytes(image.name.encode()) if image.stem.endswith("c1") else image.unlink()
    for source in (["--weights", weights], ["--features", "no.npy"]):
        assert evaluate([*FOLDER, *source]) == 2
        error = capsys.readouterr().err
        assert "No query has a match under the protocol 'cross_camera'" in error
        assert "Check the identities and cameras" in error


def test_options_select_the_metrics(
    people: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*FOLDER, "--weights", weights]
    assert evaluate([*command, "--metric", "cosine", "--rerank", "--verification", "0.02"]) == 0
    shown = capsys.readouterr().out
    assert "cosine, re-ranked" in shown
    assert "cosine, FPR at most 2 %" in shown
    assert "euclidean" not in shown


def test_normalize_cameras_adds_rows(
    people: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "folder",
        "people",
        "--data-option",
        PATTERN,
        "--weights",
        weights,
        "--metric",
        "cosine",
    ]
    assert evaluate([*command, "--normalize-cameras", "-o", "r.json", "--queries", "q.csv"]) == 0
    assert "\ncosine, camera-normalized " in capsys.readouterr().out
    result = json.loads(Path("r.json").read_text())
    assert [score["normalize_cameras"] for score in result["scores"]] == [False, True]
    assert result["measures"]["normalize_cameras"] is True
    with open("q.csv", newline="") as table:
        assert [row["normalize_cameras"] for row in csv.DictReader(table)] == (
            ["False"] * 12 + ["True"] * 12
        )


@pytest.fixture
def crowd(people: Path) -> Path:
    """Three times as many images, enough for adaptation."""
    for image in list(people.iterdir()):
        for view in (1, 2):
            pixels = np.clip(np.asarray(Image.open(image)).astype(int) + 5 * view, 0, 255)
            name = f"{image.stem}_{view}.png"
            Image.fromarray(pixels.astype(np.uint8)).save(people / name)
    return people


def test_adapt_updates_the_batch_norm_statistics(
    crowd: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "folder",
        "people",
        "--data-option",
        PATTERN,
        "--weights",
        weights,
        "--metric",
        "cosine",
    ]
    command += ["--flip", "--normalize-cameras", "--device", "cpu"]
    assert evaluate([*command, "-o", "plain.json"]) == 0
    assert evaluate([*command, "--adapt", "--seed", "3", "-o", "adapted.json"]) == 0
    shown = capsys.readouterr().out
    assert "\ncosine, camera-normalized " in shown
    statement = "scaled to length 1, averaged with the mirror image"
    assert f"\nFeatures: {statement}.\n" in shown
    assert f"\nFeatures: {statement}, batch norms adapted to 36 images.\n" in shown
    plain, adapted = (json.loads(Path(f"{name}.json").read_text()) for name in ("plain", "adapted"))
    assert [score["normalize_cameras"] for score in adapted["scores"]] == [False, True]
    assert adapted["feature_processing"] == {
        "normalized": True,
        "flip": True,
        "adapted_images": 36,
        "dtype": "float32",
        "statement": f"{statement}, batch norms adapted to 36 images",
    }
    assert plain["features"][0]["adapted"] is None
    made_by, before = adapted["features"][0], plain["features"][0]["state_sha256"]
    assert made_by["adapted"] == {"images": 36, "seed": 3, "state_sha256": before}
    assert made_by["weights"] == {"name": f"{weights}, adapted", "tag": None, "sha256": None}
    assert made_by["state_sha256"] != before
    assert made_by["flip"] is True
    flags = ["--flip", "--adapt", "--seed", "3", "--device", "cpu", "--no-normalize"]
    assert extract(["people", "-o", "f.npy", "--weights", weights, *flags]) == 0
    assert json.loads(Path("f.json").read_text())["state_sha256"] == made_by["state_sha256"]
    with_features = [
        "folder",
        "people",
        "--data-option",
        PATTERN,
        "--metric",
        "cosine",
        "-o",
        "again.json",
    ]
    assert evaluate([*with_features, "--normalize-cameras", "--features", "f.npy"]) == 0
    again = json.loads(Path("again.json").read_text())
    for one, two in zip(adapted["scores"], again["scores"], strict=True):
        assert one["mAP"] == pytest.approx(two["mAP"])


def test_the_old_name_of_data_option_is_refused_with_the_new_one(
    people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        evaluate(["folder", "people", "--set", PATTERN])
    assert done.value.code == 2
    assert "--set is now --data-option" in capsys.readouterr().err


def test_a_closed_pipe_is_no_error(people: Path) -> None:
    command = f"{sys.executable} -m reid_align.evaluate list | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("csv ")
    assert not done.stderr


def test_the_list_names_all_datasets(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list_datasets()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["marked1501", "people"], 2, "Did you mean 'market1501'"),
        (["marked1501"], 2, "Did you mean 'market1501'"),
        (["market1501"], 2, "Give it after the name"),
        (["market1501", "people", "--weights", "random"], 1, "bounding_box_train/"),
        (["folder", "people", "--weights", "random"], 2, "needs the option 'pattern'"),
        (["folder", "people", "--data-option", "pattern"], 2, "write OPTION=VALUE"),
        (["market1501", "people", "--data-option", "check_counts=maybe"], 2, "give true or false"),
        (["market1501", "people", "--data-option", "color=red"], 2, "no option 'color'"),
        (
            [*FOLDER, "--model", "san_resnet18"],
            1,
            "no published weights",
        ),
        (WITH_FEATURES, 1, "Cannot read no.npy"),
        ([*WITH_FEATURES, "--dtype", "float32"], 1, "Cannot read no.npy"),
        # Features are read last: an error about them means that the options were accepted.
        ([*WITH_FEATURES, "--verification", "2"], 2, "false_positive_rates=2.0: give a number"),
        ([*WITH_FEATURES, "--seed", "1"], 2, "--seed has no effect with --features"),
        ([*WITH_FEATURES, "--flip"], 2, "--flip has no effect with --features"),
        ([*WITH_FEATURES, "--adapt"], 2, "--adapt has no effect with --features"),
        ([*WITH_FEATURES, "--dtype", "bfloat16"], 2, "--dtype has no effect with --features"),
        ([*WITH_FEATURES, "--backend", "onnx"], 2, "--backend has no effect with --features"),
        ([*WITH_FEATURES, "--num-workers", "0"], 2, "--num-workers has no effect with --features"),
        (
            [*FOLDER, "--weights", "random", "--adapt"],
            2,
            "12 of 12 images can be read",
        ),
        (
            [*FOLDER, "-o", "same", "--queries", "same"],
            2,
            "Two outputs are the same file",
        ),
        (
            [
                "folder",
                "people",
                "--data-option",
                r"pattern=^(?P<person_id>\d+)",
                "--normalize-cameras",
            ],
            2,
            "does not give all of them",
        ),
        ([*FOLDER, "--device", "tpu"], 2, "evice 'tpu'"),
        (
            [*FOLDER, "-o", "no/r.json"],
            1,
            "the folder no does not exist",
        ),
    ],
)
def test_errors_are_one_line_with_an_exit_code(
    people: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    assert evaluate(arguments) == code
    error = capsys.readouterr().err
    assert error.startswith("python -m reid_align.evaluate: error: ")
    assert message in error
    assert error.count("\n") == 1
