"""``train finetune`` on one's own labels, from the CSV file to the commands that use the result."""

import re
from pathlib import Path

import pytest
import torch
from tiny_people import IDENTITIES, IMAGES, clothes, coded, write_files

from reid_align import create_model, save_pretrained
from reid_align.__main__ import main as reid_align
from reid_align.preprocess import Preprocess
from reid_align.train import main as train

COMPUTE = ("--device", "cpu", "--num-workers", "0")
SHORT = ("--set", "training.epochs=3", "--set", "training.steps_per_epoch=2",
         "--set", "streams.reid.sampler.num_identities=4")  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CSV file of eight identities without a split, with images of two sizes."""
    table = write_files(tmp_path_factory.mktemp("people"))
    rows = table.read_text().splitlines()
    table.write_text("\n".join(row.rpartition(",")[0] for row in rows) + "\n")
    (table.parent / "images" / "0_0.jpg").write_bytes(coded(clothes(0, 96, 40), "JPEG"))
    return table


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    encoder = create_model("san_resnet14", head="bnneck")
    encoder.preprocess = Preprocess(64, 32, (0.4,) * 3, (0.3,) * 3, smoothing=0.5)
    return save_pretrained(encoder, tmp_path_factory.mktemp("weights") / "small")


def arguments(table: Path, weights: Path, run: Path, *more: str) -> list[str]:
    return ["finetune", "--data", f"csv={table}", "--from", str(weights), "-o", str(run),
            *COMPUTE, *SHORT, *more]  # fmt: skip


@pytest.fixture(scope="module")
def trained(table: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "mine"
    assert train(arguments(table, weights, run, "--hold-out", "2")) == 0
    return run


def test_scores_before_and_after_and_the_commands_are_printed(
    table: Path, weights: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert train(arguments(table, weights, trained, "--hold-out", "2")) == 0
    report = capsys.readouterr().err
    assert "24 images of 6 identities from 2 cameras; 3 epochs of 2 steps with 16 images" in report
    assert "held out: 2 identities, 4 query and 4 gallery images" in report
    assert "was finished before" in report
    assert re.search(r"before +after", report)
    assert re.search(r"mAP +\d+\.\d% +\d+\.\d%", report)
    (command,) = re.findall(r"reid_align\.(extract IMAGES -o feats.npy --weights \S+)", report)
    filled = command.replace("IMAGES", str(table.parent / "images"))
    feats = tmp_path / "feats.npy"
    assert reid_align([*filled.replace("feats.npy", str(feats)).split(), "--device", "cpu"]) == 0


def test_the_result_keeps_the_preprocessing_of_the_weights(trained: Path) -> None:
    encoder = create_model("san_resnet14", weights=trained)
    assert encoder.preprocess == Preprocess(64, 32, (0.4,) * 3, (0.3,) * 3, smoothing=0.5)


@pytest.mark.slow
def test_runs_best_folders_and_files_are_accepted_by_every_command(
    table: Path, trained: Path, tmp_path: Path
) -> None:
    saved = save_pretrained(create_model("san_resnet14", weights=trained), tmp_path / "saved")
    best = trained / "best"
    for number, reference in enumerate((trained, best, saved, best / "encoder.safetensors")):
        common = ["--weights", str(reference), "--device", "cpu"]
        output = str(tmp_path / f"{number}.npy")
        assert reid_align(["extract", str(table.parent / "images"), "-o", output, *common]) == 0
        assert reid_align(["evaluate", "csv", str(table), *common]) == 0
        run = tmp_path / f"again{number}"
        assert train(arguments(table, reference, run)) == 0
        average = ["publish", "average", str(reference), str(trained)]
        assert reid_align([*average, "-o", str(tmp_path / f"average{number}")]) == 0


@pytest.mark.slow
def test_a_split_is_measured_and_named_in_the_commands(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write_files(tmp_path / "split people")
    assert train(arguments(table, weights, tmp_path / "run")) == 0
    report = capsys.readouterr().err
    assert "held out: 2 identities" in report
    assert f"evaluate csv '{table}' --weights {tmp_path / 'run'}" in report


@pytest.mark.slow
def test_without_held_out_identities_the_report_says_so(
    table: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frozen = ("--set", "task.encoder.frozen_norms=true", "--set", "task.encoder.frozen_map=2")
    assert train(arguments(table, weights, tmp_path / "run", *frozen)) == 0
    report = capsys.readouterr().err
    assert "held out: none, so nothing will be measured" in report
    assert "not measured: no identities were held out. Use --hold-out N" in report
    # Not the data that were trained on.
    assert "evaluate DATASET FOLDER --weights" in report


@pytest.mark.slow
def test_several_data_sets_are_joined_with_distinct_identities(
    table: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crops = write_files(tmp_path / "more").parent
    pattern = r"(?P<person_id>\d+)_\d"
    more = ["--data", f"folder={crops}", "--data-option", f"pattern={pattern}", "--tiny"]
    assert train(arguments(table, weights, tmp_path / "run", *more)) == 0
    report = capsys.readouterr().err
    assert f"{2 * IDENTITIES * IMAGES} images of {2 * IDENTITIES} identities" in report


@pytest.mark.slow
def test_light_encoders_are_fine_tuned(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("san_mobilenet_v2", "mobilenet_v2_baseline"):
        torch.manual_seed(0)
        saved = save_pretrained(create_model(name), tmp_path / name)
        more = ("--hold-out", "3", "--tiny", "--set", "task.encoder.frozen_map=2")
        assert train(arguments(table, saved, tmp_path / f"run {name}", *more)) == 0
        assert create_model(name, weights=tmp_path / f"run {name}").feature_dim == 1280
    assert "before" in capsys.readouterr().err


def write(folder: Path, text: str) -> Path:
    table = folder / "mine.csv"
    table.write_text(text)
    return table


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("path,camera_id\n{0},1\n", "Required: path and person_id"),
        ("path,person_id\n{0},1\n{1},1\n", "show 1 identity"),
        ("path,person_id\n{0},1\n{1},2\n", "None of the 2 training identities has two images"),
        ("path,person_id\n{0},1\n{1},1\nlost.jpg,2\n", "lost.jpg"),
        ("path,person_id\n{0},1\n{1},1\n{2},2\nbroken.jpg,2\n", "broken.jpg"),
        ("path,person_id,split\n{0},1,query\n{1},1,gallery\n", "has no training images"),
        ("", "Required: path and person_id"),
    ],
)
def test_bad_labels_are_one_clear_line(
    rows: str,
    message: str,
    table: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no image")
    images = sorted((table.parent / "images").glob("*.jpg"))
    mine = write(tmp_path, rows.format(*images))
    assert train(arguments(mine, weights, tmp_path / "run")) in (1, 2)
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("python -m reid_align.train: error: ")
    assert message in error


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--hold-out", "8"], "cannot hold out 8 of 8 training identities"),
        (["--from", "nothing.here"], "no such file or folder, and no published weights"),
        (["--from", "imagenet"], "starts from trained weights, not from 'imagenet'"),
        (["--data", "{table}"], "for a CSV file csv={table}"),
        (["--data-option", "pattern=x"], "has no option 'pattern'"),
    ],
)
def test_wrong_options_are_usage_errors(
    changed: list[str],
    message: str,
    table: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    filled = [part.format(table=table) for part in changed]
    given = arguments(table, weights, tmp_path / "run")
    if filled[0] in given:
        position = given.index(filled[0])
        del given[position : position + 2]
    assert train([*given, *filled]) in (1, 2)
    assert message.format(table=table) in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_missing_weights_name_the_option(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["finetune", "--data", f"csv={table}", "-o", str(tmp_path / "run"), *COMPUTE]
    assert train(command) == 2
    error = capsys.readouterr().err
    assert "starts from trained weights, and none were given" in error
    assert "--from WEIGHTS" in error


def test_the_settings_of_the_weights_are_shown(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(["finetune", "--from", str(weights), "--show"]) == 0
    shown = capsys.readouterr().out
    for setting in ("architecture=san_resnet14", "height=64", "smoothing=0.5", "mean=0.4,0.4,0.4"):
        assert f"task.encoder.{setting}" in shown
