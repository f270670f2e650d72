"""Commands ``calibrate``, ``verify`` and ``cluster``, on images of colored people."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_align.__main__ import VERBS
from reid_align.calibrate import main as calibrate
from reid_align.calibration import CARRY_OVER_NOTE, read_calibration
from reid_align.cluster import main as cluster
from reid_align.extract import main as extract
from reid_align.verify import main as verify

FOLDER = ["folder", "crops", "--data-option", r"pattern=(?P<person_id>\d+)_c(?P<camera_id>\d)"]
QUICK = ["--bootstrap", "20"]
IDENTITIES, IMAGES = 12, 4


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, weights: str) -> Path:
    """A folder with crops of 12 identities in 4 cameras, and their features."""
    folder = tmp_path_factory.mktemp("calibrate")
    (folder / "crops").mkdir()
    random = np.random.default_rng(0)
    for person in range(IDENTITIES):
        base = random.integers(0, 256, (4, 2, 3))
        for camera in range(IMAGES):
            noisy = (base + random.normal(0, 12, base.shape)).clip(0, 255).astype(np.uint8)
            image = Image.fromarray(noisy).resize((16, 32), Image.Resampling.BILINEAR)
            image.save(folder / "crops" / f"{person:03}_c{camera}.png")
    command = [str(folder / "crops"), "-o", str(folder / "feats.npy"), "--weights", weights]
    assert extract([*command, "--device", "cpu"]) == 0
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with links to the crops and their features."""
    monkeypatch.chdir(tmp_path)
    for name in ("crops", "feats.npy", "feats.csv", "feats.json"):
        Path(name).symlink_to(made / name)
    return tmp_path


def error(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_the_commands_are_listed() -> None:
    assert {"calibrate", "verify", "cluster"} <= set(VERBS)


def test_calibrate_verify_and_cluster_on_the_same_images(
    here: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = ["-o", "c.json", "--plot", "c.png"]
    assert calibrate([*FOLDER, *QUICK, *outputs, "--weights", weights, "--device", "cpu"]) == 0
    shown = capsys.readouterr()
    assert "48 images of 12 identities, 72 pairs of the same identity from different" in shown.out
    assert CARRY_OVER_NOTE in shown.err
    calibration = read_calibration("c.json")
    assert (calibration.place, calibration.source) == ("folder crops", "folder crops")
    assert calibration.pairs.different == 48 * 47 // 2 - 12 * 6
    with Image.open("c.png") as plot:
        assert plot.size == (1500, 420)

    verified = []
    for second in ("000_c1", "001_c0"):
        images = ["crops/000_c0.png", f"crops/{second}.png", "--weights", weights]
        output = f"{second}.json"
        assert verify([*images, "--calibration", "c.json", "-o", output]) == 0
        verified.append(json.loads(Path(output).read_text()))
    same, different = verified
    assert (same["same"], different["same"]) == (True, False)
    assert same["distance"] < calibration.threshold < different["distance"]
    assert same["probability"] > 0.5 > different["probability"]
    text = capsys.readouterr().out
    assert "decision     same identity" in text
    assert "decision     different identities" in text

    pattern = ["--pattern", r"(?P<person_id>\d+)_c"]
    command = ["--features", "feats.npy", "--calibration", "c.json", *pattern]
    assert cluster([*command, "-o", "ids.csv", "--sheet", "ids.jpg"]) == 0
    assert "pairwise F1 1.000" in capsys.readouterr().out
    with open("ids.csv", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 48
    assert len({row["identity"] for row in rows}) == 12
    with Image.open("ids.jpg") as sheet:
        assert sheet.width > 200


def test_pairs_give_the_calibration_of_their_images(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["path_a,path_b,same"]
    for person in range(IDENTITIES):
        lines += [f"crops/{person:03}_c0.png,crops/{person:03}_c{k}.png,1" for k in (1, 2)]
        following = [(person + step) % IDENTITIES for step in (1, 2, 3, 4, 5)]
        lines += [f"crops/{person:03}_c1.png,crops/{q:03}_c2.png,0" for q in following]
    Path("pairs.csv").write_text("\n".join(lines) + "\n")
    command = ["--pairs", "pairs.csv", "--features", "feats.npy", *QUICK, "-o", "c.json"]
    assert calibrate([*command, "--false-match-rate", "0.02", "--place", "the shop"]) == 0
    shown = capsys.readouterr()
    assert "the shop: 36 images of 12 identities, 24 pairs" in shown.out
    calibration = read_calibration("c.json")
    assert (calibration.pairs.same, calibration.pairs.different) == (24, 60)
    assert calibration.source == "pairs.csv"
    assert calibration.equal_error_rate == 0
    assert calibrate([*command, "--force"]) == 2
    assert "at least 100 pairs of different identities, got 60" in error(capsys)


def test_too_few_pairs_are_refused_with_the_count(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"crops/{k:03}_c0.png,crops/{k:03}_c1.png,1" for k in range(12)]
    Path("pairs.csv").write_text("\n".join(["path_a,path_b,same", *lines]) + "\n")
    command = ["--pairs", "pairs.csv", "--features", "feats.npy", "-o", "c.json"]
    assert calibrate(command) == 2
    assert "Got 12 pairs of the same identity; at least 20 are needed" in error(capsys)
    assert not Path("c.json").exists()


def test_a_calibration_of_another_encoder_is_refused(
    here: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrate([*FOLDER, *QUICK, "--features", "feats.npy", "-o", "c.json"]) == 0
    images = ["crops/000_c0.png", "crops/001_c0.png", "--calibration", "c.json"]
    assert verify([*images, "--weights", weights, "--flip"]) == 2
    assert "differ in flip" in error(capsys)
    assert verify(images) == 2
    assert "differ in weights" in error(capsys)
    assert cluster(["crops", "--calibration", "c.json", "-o", "ids.csv"]) == 2
    assert "differ in weights" in error(capsys)


def test_without_a_calibration(
    here: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    images = ["crops/000_c0.png", "crops/001_c0.png"]
    assert verify([*images, "--weights", weights, "-o", "v.json"]) == 0
    assert "there is no calibration for this encoder" in capsys.readouterr().out
    assert json.loads(Path("v.json").read_text())["same"] is None
    assert cluster(["--features", "feats.npy", "-o", "ids.csv"]) == 2
    assert "Use --calibration FILE or --threshold DISTANCE." in error(capsys)
    assert cluster(["--features", "feats.npy", "-o", "ids.csv", "--threshold", "0.1"]) == 0
    # The default weights have one, from synthetic people.
    assert verify(images) == 0
    text = capsys.readouterr().out
    assert "1 % false matches on synthetic people" in text
    assert CARRY_OVER_NOTE in text


def test_wrong_usage(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("old.json").write_text("kept")
    features = ["--features", "feats.npy"]
    for command, arguments, message in (
        (calibrate, ["-o", "c.json"], "Give either DATASET ROOT or --pairs"),
        (calibrate, ["csv", "-o", "c.json"], "Missing folder of csv"),
        (calibrate, [*FOLDER, *features, "-o", "old.json"], "old.json exists"),
        (calibrate, [*FOLDER, *features, "-o", "c.json", "--bootstrap", "0"], "samples=0"),
        (calibrate, [*FOLDER, *features, "-o", "c.json", "--false-match-rate", "2"], "between 0"),
        (calibrate, [*FOLDER, *features, "-o", "c.json", "--flip"], "--flip has no effect"),
        (cluster, [*features, "-o", "ids.csv", "--adapt"], "--adapt has no effect"),
        (verify, ["a.jpg", "b.jpg", "--adapt"], "--adapt needs many images"),
        (cluster, ["-o", "ids.csv"], "Give either images or --features"),
        (cluster, [*features, "-o", "ids.csv", "--threshold", "-1"], "threshold=-1"),
        (cluster, [*features, "-o", "ids.csv", "--threshold", "1", "--folder-tracks", "--pattern",
                   "(?P<track>c)"], "given twice"),
    ):  # fmt: skip
        assert command(arguments) == 2
        assert message in error(capsys)
    assert Path("old.json").read_text() == "kept"
    assert verify(["crops/none.png", "crops/000_c0.png"]) == 1
    assert "none.png" in error(capsys)


def test_an_adapted_encoder_has_another_digest(here: Path, weights: str) -> None:
    outputs = (["-o", "plain.json"], ["-o", "adapted.json", "--adapt"])
    for output in outputs:
        command = [*FOLDER, *QUICK, "--weights", weights, "--false-match-rate", "0.1", *output]
        assert calibrate(command) == 0
    plain, adapted = (read_calibration(output[1]) for output in outputs)
    assert "adapted:0" in plain.digest
    assert "adapted:48" in adapted.digest


def test_unreadable_images_stop_or_are_left_out(
    here: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken.png").write_bytes(b"not an image")
    images = ["broken.png", "crops/000_c0.png", "crops/000_c1.png"]
    command = [*images, "--weights", weights, "--threshold", "0.5", "-o", "ids.csv"]
    assert cluster(command) == 1
    assert "--on-error skip" in error(capsys)
    assert cluster([*command, "--on-error", "skip"]) == 3
    assert "Left out broken.png" in error(capsys)
    assert Path("ids.csv").read_text().count("\n") == 3
    Path("pairs.csv").write_text(
        "path_a,path_b,same\n"
        + "".join(
            f"crops/{k:03}_c0.png,crops/{k:03}_c{c}.png,1\n" for k in range(12) for c in (1, 2)
        )
        + "".join(f"broken.png,crops/{k:03}_c0.png,0\n" for k in range(12))
    )
    command = ["--pairs", "pairs.csv", "--weights", weights, "-o", "c.json"]
    assert calibrate([*command, "--false-match-rate", "0.1"]) == 1
    assert "broken.png" in error(capsys)


def test_folders_are_tracklets(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--features", "feats.npy", "--threshold", "0", "-o", "ids.csv", "--folder-tracks"]
    assert cluster(command) == 0
    assert "48 images (1 tracklets of 48 images): 1 identities" in capsys.readouterr().out
