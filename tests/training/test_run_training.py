import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from toy_training import (
    ADAM,
    PEOPLE,
    STREAMS,
    MemoryStream,
    ToyEncoder,
    ToyTask,
    TwoObjectives,
    config,
    train,
)

from reid_align import create_model, extract_features
from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.preprocess import Preprocess
from reid_align.training import (
    OptimizerConfig,
    ScheduleConfig,
    Task,
    run_training,
)
from reid_align.weights import load_file, read_info


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_run_learns_and_leaves_its_files(tmp_path: Path) -> None:
    summary = train(tmp_path / "run", config(20, evaluate_every=8))
    assert summary.steps == 70
    assert (summary.resumed_at, summary.nothing_to_do) == (0, False)
    assert summary.products == (tmp_path / "run" / "encoder.safetensors",)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "best",
        "checkpoint",
        "config.json",
        "curves.png",
        "encoder.safetensors",
        "lock",
        "metrics.jsonl",
        "samples",
        "timing.jsonl",
    ]
    log = [line for line in lines(summary.folder) if "objective/reid/main" in line]
    assert [line["step"] for line in log] == list(range(2, 71, 2))
    assert log[-1]["objective/reid/main"] < 0.5 * log[0]["objective/reid/main"]
    scores = [line for line in lines(summary.folder) if "score/mAP" in line]
    assert [line["epoch"] for line in scores] == [8, 16, 20]
    assert summary.latest is not None
    assert summary.latest.scores["mAP"] == scores[-1]["score/mAP"]
    assert summary.best is not None
    assert summary.best.scores["mAP"] == max(line["score/mAP"] for line in scores)
    Image.open(summary.folder / "curves.png").load()


def test_a_machine_without_git_trains_and_notes_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    train(tmp_path / "run", config(1))
    noted = json.loads((tmp_path / "run" / "config.json").read_text())
    assert noted["environment"]["commit"] is None


def test_samples_are_rows_of_up_to_8_images(tmp_path: Path) -> None:
    train(tmp_path, config(2, evaluate_every=1))
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == [
        "input-00001.png",
        "input-00002.png",
    ]
    pixels = np.asarray(Image.open(tmp_path / "samples" / "input-00001.png"))
    first = MemoryStream().batch(0, 0).images[7].clamp(0, 1).mul(255).round().byte()
    assert pixels.shape == (16, 64, 3)
    assert (pixels[:, 56:] == first.permute(1, 2, 0).numpy()).all()


def test_the_product_is_the_encoder_as_it_was_last(tmp_path: Path) -> None:
    task = ToyTask()
    run_training(task, STREAMS, config(), tmp_path)
    info = read_info(tmp_path / "encoder.safetensors")
    assert info is not None
    assert (info.architecture, info.preprocess) == ("toy", Preprocess(16, 8))
    loaded = ToyEncoder()
    load_file(loaded, tmp_path / "encoder.safetensors")
    for name, tensor in task.encoder.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_evaluation_and_product_have_the_average_of_the_weights(tmp_path: Path) -> None:
    seen: list[torch.Tensor] = []

    def evaluator(task: Task) -> Mapping[str, float]:
        assert task.encoder is not None
        seen.append(task.encoder.state_dict()["conv1.weight"].clone())
        return {"mAP": 0.0}

    task = ToyTask()
    run_training(task, STREAMS, config(ema=0.999), tmp_path, evaluator)
    loaded = ToyEncoder()
    load_file(loaded, tmp_path / "encoder.safetensors")
    assert torch.equal(loaded.conv1.weight, seen[-1])
    assert not torch.equal(task.encoder.conv1.weight, seen[-1])


def test_the_best_evaluation_is_kept(tmp_path: Path) -> None:
    scores = iter([0.2, 0.7, 0.7, 0.3])
    weights: list[torch.Tensor] = []

    def evaluator(task: Task) -> Mapping[str, float]:
        assert task.encoder is not None
        weights.append(task.encoder.state_dict()["conv1.weight"].clone())
        return {"mAP": 0.0, "rank-1": next(scores)}

    summary = train(tmp_path, config(4, evaluate_every=1, best="rank-1"), evaluator=evaluator)
    assert summary.best is not None
    assert summary.best.epoch == 2
    loaded = ToyEncoder()
    load_file(loaded, tmp_path / "best" / "encoder.safetensors")
    assert torch.equal(loaded.conv1.weight, weights[1])


def test_a_score_that_the_evaluation_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"score 'map'\. Known: mAP"):
        train(tmp_path, config(1, best="map"))


def test_streams_alternate_and_the_first_makes_the_epochs(tmp_path: Path) -> None:
    streams = {"reid": MemoryStream(length=2), "synthetic": MemoryStream(seed=1, length=1)}
    optimizers = {"main": ADAM, "texture": OptimizerConfig(1e-3)}
    changed = config(2, optimizers=optimizers, alternate=("reid", "reid", "synthetic"), log_every=1)
    run_training(TwoObjectives(), streams, changed, tmp_path)
    log = lines(tmp_path)
    # 2 batches are one round, 3 batches two of them; the 4th is the first of the next epoch.
    assert [line["epoch"] for line in log] == [0, 0, 1, 1, 1, 1, 1, 1, 2]
    synthetic = ["objective/synthetic/texture" in line for line in log]
    assert synthetic == [False, False, True] * 3


def test_an_epoch_can_be_so_many_steps(tmp_path: Path) -> None:
    summary = train(tmp_path, config(3, steps_per_epoch=5))
    assert summary.steps == 15


def test_learning_rates_are_those_of_the_schedule(tmp_path: Path) -> None:
    schedule = ScheduleConfig("step", "linear", 2, 0.01, (3,), 0.5)
    changed = config(4, optimizers={"main": replace(ADAM, lr=0.1, schedule=schedule)}, log_every=1)
    train(tmp_path, changed)
    rates = [line["lr/main"] for line in lines(tmp_path) if "lr/main" in line]
    assert rates == pytest.approx([0.01] * 3 + [0.055] * 4 + [0.1] * 3 + [0.05] * 4)


@pytest.mark.parametrize(
    ("streams", "alternate"),
    [
        ({}, ("reid",)),
        (STREAMS, ("synthetic",)),
        (STREAMS | {"synthetic": MemoryStream()}, ("reid",)),
    ],
)
def test_streams_must_be_those_the_task_wants(
    tmp_path: Path, streams: dict[str, MemoryStream], alternate: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInputError, match=r"wants the streams \['reid'\]"):
        run_training(ToyTask(), streams, config(alternate=alternate), tmp_path / "run")
    assert not (tmp_path / "run").exists()


class RealTask(ToyTask):
    """With an encoder of the library, and what one step does to it."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = create_model("resnet18_baseline")  # type: ignore[assignment]
        self.encoder.preprocess = Preprocess(16, 8)
        self.classifier = torch.nn.Sequential(torch.nn.Linear(self.encoder.feature_dim, PEOPLE))


def test_the_trained_encoder_goes_straight_into_extraction(tmp_path: Path) -> None:
    task = RealTask()
    run_training(task, STREAMS, config(1, steps_per_epoch=1), tmp_path)
    encoder = create_model("resnet18_baseline", weights=tmp_path / "encoder.safetensors")
    assert encoder.preprocess == Preprocess(16, 8)
    image = np.zeros((32, 16, 3), np.uint8)
    features = extract_features([image], encoder, device="cpu", channel_order="rgb")
    expected = extract_features([image], task.encoder, device="cpu", channel_order="rgb")
    np.testing.assert_array_equal(features.values, expected.values)
