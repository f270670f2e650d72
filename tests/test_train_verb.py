"""Command ``python -m reid_align.train``."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tiny_people import IDENTITIES, IMAGES, TRAINING, make_set, write_files

from reid_align import from_pretrained, read_features
from reid_align.__main__ import main as reid_align
from reid_align.train import main as train

pytestmark = pytest.mark.slow

FAST = ("--device", "cpu", "--num-workers", "0", "--tiny")
TWO_STEPS = ("--set", "training.steps_per_epoch=2")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_set(tmp_path_factory.mktemp("people") / "set")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def run(people: Path, table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folder of both SAN stages, from image files and a synthetic set."""
    folder = tmp_path_factory.mktemp("runs") / "san"
    arguments = ["san_full", "--data", f"csv={table}", "--synthetic", str(people), *FAST]
    arguments += ["-o", str(folder), "--evaluate", f"csv={table}", "--seed", "3"]
    steps = [*TWO_STEPS, "--set", "pg.training.steps_per_epoch=2"]
    assert train([*arguments, *steps]) == 0
    return folder


def test_stages_and_textures_have_separate_folders(run: Path) -> None:
    assert {path.name for path in run.iterdir()} == {"pg", "textures", "san"}
    for stage in ("pg", "san"):
        config = json.loads((run / stage / "config.json").read_text())
        assert config["recipe"]["name"] == "san_full_tiny"
        assert config["training"]["seed"] == 3
        assert (run / stage / "san_decoder.safetensors").is_file()
        assert (run / stage / "curves.png").is_file()
    drawn = list((run / "textures" / "images").glob("?_?.png"))
    assert len(drawn) == TRAINING * IMAGES
    assert (run / "textures" / "texture_mask.png").is_file()


def test_the_log_has_losses_and_scores(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "san" / "metrics.jsonl").read_text().splitlines()]
    assert {"term/reid/constraint", "term/reid/reconstruction"} <= set(lines[0])
    assert "term/synthetic/reconstruction" in lines[1]
    assert "score/mAP" in lines[-1]
    pg = (run / "pg" / "metrics.jsonl").read_text()
    assert "score" not in pg


def test_the_encoder_works_with_extract_and_evaluate(
    run: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = str(run / "san" / "encoder.safetensors")
    features = tmp_path / "features.npy"
    common = ["--weights", encoder, "--device", "cpu", "--num-workers", "0"]
    assert reid_align(["extract", str(table.parent), "-o", str(features), *common]) == 0
    assert read_features(features).values.shape == (IDENTITIES * IMAGES, 512)
    capsys.readouterr()
    assert reid_align(["evaluate", "csv", str(table), *common]) == 0
    assert "mAP" in capsys.readouterr().out
    assert from_pretrained(encoder).preprocess.height == 64


def test_the_same_command_continues_the_run(
    run: Path, people: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    trained = (copy / "san" / "encoder.safetensors").read_bytes()
    shutil.rmtree(copy / "san")
    (copy / "textures" / "images" / "0_0.png").unlink()
    arguments = ["san_full", "--data", f"csv={table}", "--synthetic", str(people), *FAST]
    arguments += ["-o", str(copy), "--evaluate", f"csv={table}", "--seed", "3"]
    steps = [*TWO_STEPS, "--set", "pg.training.steps_per_epoch=2"]
    pg_written = (copy / "pg" / "encoder.safetensors").stat().st_mtime_ns
    assert train([*arguments, *steps]) == 0
    assert (copy / "pg" / "encoder.safetensors").stat().st_mtime_ns == pg_written
    assert (copy / "san" / "encoder.safetensors").read_bytes() == trained
    capsys.readouterr()
    assert train([*arguments, *steps]) == 0
    assert "was finished before" in capsys.readouterr().err


def test_from_replaces_the_first_stage(
    run: Path, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["san_baseline_pginit", "--data", f"synthetic={people}", *FAST, *TWO_STEPS]
    assert train([*arguments, "--from", str(run / "pg"), "-o", str(tmp_path / "run")]) == 0
    assert (tmp_path / "run" / "encoder.safetensors").is_file()
    assert not (tmp_path / "run" / "pg").exists()
    report = capsys.readouterr().err
    assert (
        f"extract IMAGES -o feats.npy --weights {tmp_path / 'run' / 'encoder.safetensors'}"
        in report
    )


def test_sigterm_saves_a_checkpoint_and_says_how_to_continue(people: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    arguments = ["san_baseline", "--data", f"synthetic={people}", *FAST, "-o", str(folder)]
    endless = ["--set", "training.steps_per_epoch=1000000", "--set", "training.log_every=1"]
    command = [sys.executable, "-m", "reid_align.train", *arguments, *endless]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        log = folder / "metrics.jsonl"
        while process.poll() is None and not (log.exists() and log.stat().st_size):
            time.sleep(0.1)
        process.terminate()
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    (checkpoint,) = (folder / "checkpoint").iterdir()
    step = int(checkpoint.stem)
    assert f"interrupted; step {step} is saved in {checkpoint}; the same command" in stderr


def test_list_and_show_do_not_train(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train(["--list"]) == 0
    listed = capsys.readouterr().out
    assert re.search(r"^san_full +SAN: textures", listed, re.MULTILINE)
    assert train(["dsa_full", "--show", "--set", "training.epochs=7"]) == 0
    shown = capsys.readouterr().out
    assert "  training.epochs=7\n" in shown
    assert "market1501 rank-1 95.7, rank-5 98.4, rank-10 99.1, mAP 87.6 (published)" in shown


def test_the_help_explains_the_scope_of_set_and_seed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        train(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "in the last stage or in the stage that the path starts with" in shown
    assert "the identities of --hold-out, which --set training.seed does not change" in shown


def test_the_cost_depends_on_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    costs = {}
    for name in ("san_pg", "san_pg_resnet101", "san_pg_densenet121", "san_pg_modern", "dsa_modern"):
        assert train([name, "--show"]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        costs[name] = re.search("cost: (.*?) stage", shown)[1]
    assert len(set(costs.values())) == len(costs)
    assert "reID" not in costs["san_pg_modern"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--list shows all recipes"),
        (["san_ful", "-o", "x"], "Did you mean 'san_full'"),
        (["san_full"], "-o RUN"),
        (["san_baseline", "-o", "x"], "--data cuhk03_detected=FOLDER"),
        (["san_full", "-o", "x", "--set", "training.epoch=1"], "Did you mean training.epochs"),
        (["san_full", "-o", "x", "--data", "market1501"], "expected NAME=FOLDER"),
        (["san_pg", "-o", "x"], "--synthetic FOLDER"),
    ],
)
def test_a_usage_error_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert train(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_weights_of_different_seeds_differ(people: Path, tmp_path: Path) -> None:
    weights = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        arguments = ["san_baseline", "--data", f"synthetic={people}", *FAST, *TWO_STEPS]
        assert train([*arguments, "--seed", seed, "-o", str(folder)]) == 0
        weights.append(from_pretrained(folder / "encoder.safetensors").conv1.weight)
    assert not np.allclose(weights[0].detach(), weights[1].detach())


def test_an_option_given_twice_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        train(["san_baseline", "--evaluate", "csv=a", "--evaluate", "csv=b", "-o", "x"])
    assert "--evaluate is given twice" in capsys.readouterr().err
