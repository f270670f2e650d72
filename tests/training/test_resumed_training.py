import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from toy_training import ADAM, IDENTITIES, LOADERS, MemoryLoader, ToyTask, config, train
from unprivileged import open_folder, without_the_rights_of_root

from reid_align.errors import InvalidInputError, OutputError
from reid_align.training import OptimizerConfig, ScheduleConfig, run_training
from reid_align.training.saving.run_checkpoints import Checkpoints


def test_a_finished_run_is_not_changed(tmp_path: Path) -> None:
    train(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    again = train(tmp_path)
    assert again.nothing_to_do
    assert (again.steps, again.resumed_at) == (14, 14)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")} == before


def test_deleted_weights_of_a_finished_run_are_written_again(tmp_path: Path) -> None:
    train(tmp_path)
    content = (tmp_path / "encoder.safetensors").read_bytes()
    (tmp_path / "encoder.safetensors").unlink()
    assert not train(tmp_path).nothing_to_do
    assert (tmp_path / "encoder.safetensors").read_bytes() == content


def test_a_finished_run_can_have_more_epochs(tmp_path: Path) -> None:
    train(tmp_path / "long", config(4, evaluate_every=2))
    train(tmp_path / "short", config(2, evaluate_every=2))
    summary = train(tmp_path / "short", config(4, evaluate_every=2))
    assert summary.resumed_at == 7
    long, short = (tmp_path / run / "encoder.safetensors" for run in ("long", "short"))
    assert long.read_bytes() == short.read_bytes()


DEVICES = [
    "cpu",
    *([pytest.param("cuda", marks=pytest.mark.gpu)] if torch.cuda.is_available() else []),
]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_the_loss_scale_is_restored(tmp_path: Path, device: str, precision: str) -> None:
    changed = config(3, precision=precision, channels_last=True, ema=0.9)
    train(tmp_path, changed, device=device)
    summary = train(tmp_path, replace(changed, epochs=4), device=device)
    assert (summary.resumed_at, summary.steps) == (10, 14)
    scale = Checkpoints(tmp_path / "checkpoint", keep=1).read_state(14).scale
    assert scale == (None if precision == "bfloat16" else (65536.0, 14))


def test_fewer_epochs_than_completed_is_an_error(tmp_path: Path) -> None:
    train(tmp_path, config(3))
    with pytest.raises(InvalidInputError, match="already has 3 epochs"):
        train(tmp_path, config(2))


COSINE = {"main": replace(ADAM, schedule=ScheduleConfig("cosine"))}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({}, {"clip": 1.0}, "training.clip was None and is 1.0"),
        ({}, {"optimizers": {"main": OptimizerConfig(0.5)}}, r"main.lr was 0.01 and is 0.5"),
        ({"optimizers": COSINE}, {"optimizers": COSINE, "epochs": 9}, "training.epochs was 4"),
    ],
)
def test_resuming_with_other_settings_is_an_error(
    tmp_path: Path, before: dict[str, object], after: dict[str, object], message: str
) -> None:
    train(tmp_path, config(**before))  # type: ignore[arg-type]
    with pytest.raises(OutputError, match=message):
        train(tmp_path, config(**after))  # type: ignore[arg-type]


def test_resuming_with_other_data_network_or_recipe_is_an_error(tmp_path: Path) -> None:
    train(tmp_path, recipe={"name": "san_full"})
    other = {"reid": MemoryLoader(seed=7)}
    with pytest.raises(OutputError, match=r"data.reid was noise-0-3-4 and is noise-7-3-4"):
        run_training(ToyTask(), other, config(), tmp_path, recipe={"name": "san_full"})
    with pytest.raises(OutputError, match=r"recipe.name was san_full and is not set"):
        train(tmp_path)
    task = ToyTask()
    task.classifier = torch.nn.Sequential(torch.nn.Linear(8, IDENTITIES + 1))
    with pytest.raises(OutputError, match=r"task.parameters was 466 and is 475"):
        run_training(task, LOADERS, config(), tmp_path, recipe={"name": "san_full"})


def test_evaluation_data_may_be_dropped_but_not_replaced(tmp_path: Path) -> None:
    recipe = {"name": "san_full"}
    other = recipe | {"scored_on": "cuhk03"}
    train(tmp_path, config(2), recipe=recipe | {"scored_on": "market1501"})
    with pytest.raises(OutputError, match=r"recipe.scored_on was market1501 and is cuhk03"):
        train(tmp_path, config(3), recipe=other)
    assert train(tmp_path, config(3), evaluator=None, recipe=recipe).resumed_at == 7
    with pytest.raises(OutputError, match=r"recipe.scored_on was not set and is cuhk03"):
        train(tmp_path, config(4), recipe=other)


def test_a_run_of_an_older_version_has_the_defaults_of_new_settings(tmp_path: Path) -> None:
    train(tmp_path)
    path = tmp_path / "config.json"
    recorded = json.loads(path.read_text())
    del recorded["training"]["optimizers"]["main"]["state_per_stream"]
    path.write_text(json.dumps(recorded))
    assert train(tmp_path).nothing_to_do
    separate = {"main": replace(ADAM, state_per_stream=True)}
    with pytest.raises(OutputError, match=r"main.state_per_stream was False and is True"):
        train(tmp_path, config(optimizers=separate))


def test_checkpoint_intervals_may_change(tmp_path: Path) -> None:
    train(tmp_path)
    changed = config(5, checkpoint_every=2, checkpoint_steps=3, keep=4)
    assert train(tmp_path, changed).resumed_at == 14


def test_a_folder_with_other_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(OutputError, match=r"contains 'thesis.tex' and is not a run folder"):
        train(tmp_path)


def test_partial_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    partial = "checkpoint/3.safetensors.7.partial/.tmpAb12Cd"
    for name in ("encoder.safetensors.7.partial", partial, "textures/1.partial"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    train(tmp_path, config(1))
    left = [path.relative_to(tmp_path) for path in tmp_path.rglob("*.partial")]
    assert left == [Path("textures/1.partial")]


def test_weights_without_a_checkpoint_are_not_overwritten(tmp_path: Path) -> None:
    train(tmp_path)
    for path in (tmp_path / "checkpoint").iterdir():
        path.unlink()
    with pytest.raises(OutputError, match="no checkpoint to continue from"):
        train(tmp_path)


def test_a_locked_folder_is_an_error(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with lock, pytest.raises(OutputError, match="Another process is training in"):
        train(tmp_path)


def test_the_clock_of_every_session_starts_at_zero(tmp_path: Path) -> None:
    train(tmp_path, config(2))
    train(tmp_path)
    text = (tmp_path / "timing.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["step"] for line in lines if line["seconds"] == 0.0] == [0, 7]
    assert all(line["images/s"] > 0 for line in lines if line["seconds"])


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_an_unwritable_folder_is_named(mode: int) -> None:
    with open_folder() as folder:
        # With 0o755 the lock cannot be created; with 0o777 the partial file cannot be removed.
        (folder / "checkpoint").mkdir(mode=0o755)
        (folder / "checkpoint" / "3.partial").touch()
        folder.chmod(mode)
        with without_the_rights_of_root(), pytest.raises(OutputError, match=r"Cannot write /.*: P"):
            train(folder)


def test_a_damaged_config_is_named(tmp_path: Path) -> None:
    train(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(OutputError, match=r"config.json is damaged"):
        train(tmp_path)
