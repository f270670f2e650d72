"""``selftrain``, from a folder of images to weights that other commands read."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_people import IDENTITIES, IMAGES, coded, write_files

from reid_align import create_model, save_pretrained
from reid_align.models.pretrained import load_encoder
from reid_align.preprocess import Preprocess
from reid_align.selftrain import main as selftrain

pytestmark = pytest.mark.slow
SHORT = ("--neighbors", "3", "--distance", "0.9",
         "--set", "training.epochs=2", "--set", "training.steps_per_epoch=1",
         "--set", "task.encoder.frozen_map=0",
         "--device", "cpu", "--num-workers", "0")  # fmt: skip
PATTERN = r"_(?P<camera_id>\d)\."


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    write_files(folder)
    (folder / "people.csv").unlink()
    return folder / "images"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    encoder = create_model("san_resnet14", head="bnneck")
    encoder.preprocess = Preprocess(64, 32, smoothing=0.5)
    return save_pretrained(encoder, tmp_path_factory.mktemp("weights") / "small")


@pytest.fixture(scope="module")
def trained(crops: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "mine"
    assert selftrain(arguments(crops, weights, run)) == 0
    return run


def arguments(
    crops: Path, weights: Path, run: Path, *more: str, rounds: int = 2, size: int = 2
) -> list[str]:
    counts = ["--rounds", str(rounds), "--min-images", str(size)]
    return [str(crops), "--weights", str(weights), "-o", str(run), *counts, *SHORT, *more]


def state(folder: Path) -> dict[str, torch.Tensor]:
    return load_encoder(folder).state_dict()


def test_weights_change_and_keep_the_architecture_and_the_preprocessing(
    trained: Path, weights: Path
) -> None:
    before, after = load_encoder(weights), load_encoder(trained)
    assert after.architecture == before.architecture
    assert after.preprocess == before.preprocess
    values = [dict(encoder.named_parameters()) for encoder in (before, after)]
    changed = [key for key in values[0] if not torch.equal(values[0][key], values[1][key])]
    assert len(changed) > 10


def test_groups_of_each_round_are_kept_as_a_table(trained: Path, crops: Path) -> None:
    for number in (1, 2):
        with (trained / f"round{number}" / "identities.csv").open() as file:
            rows = list(csv.DictReader(file))
        summary = json.loads((trained / f"round{number}" / "groups.json").read_text())
        assert summary["images"] == len(rows)
        assert summary["groups"] == len({row["person_id"] for row in rows})
        assert summary["readable"] == IDENTITIES * IMAGES
        assert all(Path(row["path"]).parent == crops for row in rows)
        assert not list((trained / f"round{number}").glob("features.*"))


def test_same_command_after_an_interruption_gives_the_same_weights(
    trained: Path, crops: Path, weights: Path, tmp_path: Path
) -> None:
    run = tmp_path / "mine"
    assert selftrain(arguments(crops, weights, run)) == 0
    before = state(run)
    for lost in ("encoder.safetensors", "config.json", "round2/groups.json"):
        (run / lost).unlink()
    assert selftrain(arguments(crops, weights, run)) == 0
    after, other = state(run), state(trained)
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert all(torch.equal(before[key], other[key]) for key in before)


def test_other_settings_need_another_folder(
    trained: Path, crops: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (trained / "encoder.safetensors").read_bytes()
    assert selftrain(arguments(crops, weights, trained, "--seed", "1")) == 2
    assert "has a self-training with other weights, images or settings" in capsys.readouterr().err
    assert (trained / "encoder.safetensors").read_bytes() == before


def test_as_many_other_images_need_another_folder(
    trained: Path, crops: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "crops").mkdir()
    for path in crops.glob("*.jpg"):
        (tmp_path / "crops" / f"other{path.name}").write_bytes(path.read_bytes())
    assert selftrain(arguments(tmp_path / "crops", weights, trained)) == 2
    assert "has a self-training with other weights, images" in capsys.readouterr().err


def test_cameras_come_from_a_pattern_or_a_table(
    crops: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = sorted(crops.glob("*.jpg"))
    table = tmp_path / "cameras.csv"
    lines = [f"{path},{path.stem[-1]}" for path in paths]
    table.write_text("\n".join(["path,camera", *lines]))
    for name, option in (("a", ("--metadata", str(table))), ("b", ("--pattern", PATTERN))):
        assert selftrain(arguments(crops, weights, tmp_path / name, *option, rounds=1)) == 0
        assert "of several cameras" in capsys.readouterr().err
    ids = [(tmp_path / name / "round1/identities.csv").read_text() for name in "ab"]
    assert ids[0] == ids[1]
    assert ids[0].startswith("path,person_id,camera_id\n")
    table.write_text("\n".join(["path,camera", *lines[:-3]]))
    assert selftrain(arguments(crops, weights, tmp_path / "c", "--metadata", str(table))) == 2
    assert "The camera of 3 of 32 images is unknown" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "is not valid"),
        (r"(?P<camera>\d)", "Give it one group named camera_id"),
        (r"cam(?P<camera_id>\d)", "does not match"),
    ],
)
def test_wrong_patterns_are_refused(
    pattern: str,
    message: str,
    crops: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = arguments(crops, weights, tmp_path / "run", "--pattern", pattern)
    assert selftrain(command) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_images_that_are_all_different_are_refused_with_advice(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "noise").mkdir()
    for number in range(6):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 32, 3), np.uint8)
        (tmp_path / "noise" / f"{number}.png").write_bytes(coded(pixels))
    assert selftrain(arguments(tmp_path / "noise", weights, tmp_path / "run", size=6)) == 2
    assert "Give more images, a larger distance" in capsys.readouterr().err


def test_unreadable_images_are_left_out(
    crops: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "crops").mkdir()
    for path in crops.glob("*.jpg"):
        (tmp_path / "crops" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "crops" / "broken.jpg").write_bytes(b"no image")
    assert selftrain(arguments(tmp_path / "crops", weights, tmp_path / "run", rounds=1)) == 0
    assert f"of {IDENTITIES * IMAGES} images" in capsys.readouterr().err
