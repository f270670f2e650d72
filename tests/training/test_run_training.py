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
    IDENTITIES,
    LOADERS,
    MemoryLoader,
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
from reid_align.weights import load_file, read_header


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_run_reduces_the_loss_and_writes_its_files(tmp_path: Path) -> None:
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


def test_without_git_the_config_has_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    train(tmp_path / "run", config(1))
    config_file = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config_file["environment"]["commit"] is None


def test_sample_images_are_rows_of_up_to_8_images(tmp_path: Path) -> None:
    train(tmp_path, config(2, evaluate_every=1))
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == [
        "input-00001.png",
        "input-00002.png",
    ]
    pixels = np.asarray(Image.open(tmp_path / "samples" / "input-00001.png"))
    first = MemoryLoader().batch(0, 0).images[7].clamp(0, 1).mul(255).round().byte()
    assert pixels.shape == (16, 64, 3)
    assert (pixels[:, 56:] == first.permute(1, 2, 0).numpy()).all()


def test_the_saved_encoder_has_the_last_weights(tmp_path: Path) -> None:
    task = ToyTask()
    run_training(task, LOADERS, config(), tmp_path)
    info = read_header(tmp_path / "encoder.safetensors")
    assert info is not None
    assert (info.architecture, info.preprocess) == ("toy", Preprocess(16, 8))
    loaded = ToyEncoder()
    load_file(loaded, tmp_path / "encoder.safetensors")
    for name, tensor in task.encoder.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_evaluation_and_saved_encoder_use_the_averaged_weights(tmp_path: Path) -> None:
    seen: list[torch.Tensor] = []

    def evaluator(task: Task) -> Mapping[str, float]:
        assert task.encoder is not None
        seen.append(task.encoder.state_dict()["conv1.weight"].clone())
        return {"mAP": 0.0}

    task = ToyTask()
    run_training(task, LOADERS, config(ema=0.999), tmp_path, evaluator)
    loaded = ToyEncoder()
    load_file(loaded, tmp_path / "encoder.safetensors")
    assert torch.equal(loaded.conv1.weight, seen[-1])
    assert not torch.equal(task.encoder.conv1.weight, seen[-1])


def test_the_best_evaluation_is_saved(tmp_path: Path) -> None:
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


def test_an_unknown_best_score_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"score 'map'\. Known: mAP"):
        train(tmp_path, config(1, best="map"))


def test_streams_alternate_and_the_first_sets_the_epoch_length(tmp_path: Path) -> None:
    streams = {"reid": MemoryLoader(length=2), "synthetic": MemoryLoader(seed=1, length=1)}
    optimizers = {"main": ADAM, "texture": OptimizerConfig(1e-3)}
    changed = config(2, optimizers=optimizers, alternate=("reid", "reid", "synthetic"), log_every=1)
    run_training(TwoObjectives(), streams, changed, tmp_path)
    log = lines(tmp_path)
    # 2 batches take one round, 3 batches two rounds with the first batch of the next epoch.
    assert [line["epoch"] for line in log] == [0, 0, 1, 1, 1, 1, 1, 1, 2]
    synthetic = ["objective/synthetic/texture" in line for line in log]
    assert synthetic == [False, False, True] * 3


def test_steps_per_epoch_sets_the_epoch_length(tmp_path: Path) -> None:
    summary = train(tmp_path, config(3, steps_per_epoch=5))
    assert summary.steps == 15


def test_learning_rates_follow_the_schedule(tmp_path: Path) -> None:
    schedule = ScheduleConfig("step", "linear", 2, 0.01, (3,), 0.5)
    changed = config(4, optimizers={"main": replace(ADAM, lr=0.1, schedule=schedule)}, log_every=1)
    train(tmp_path, changed)
    rates = [line["lr/main"] for line in lines(tmp_path) if "lr/main" in line]
    assert rates == pytest.approx([0.01] * 3 + [0.055] * 4 + [0.1] * 3 + [0.05] * 4)


@pytest.mark.parametrize(
    ("streams", "alternate"),
    [
        ({}, ("reid",)),
        (LOADERS, ("synthetic",)),
        (LOADERS | {"synthetic": MemoryLoader()}, ("reid",)),
    ],
)
def test_streams_must_match_the_task(
    tmp_path: Path, streams: dict[str, MemoryLoader], alternate: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInputError, match=r"needs the streams \['reid'\]"):
        run_training(ToyTask(), streams, config(alternate=alternate), tmp_path / "run")
    assert not (tmp_path / "run").exists()


class RealTask(ToyTask):
    """With an encoder of the library."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = create_model("resnet18_baseline")  # type: ignore[assignment]
        self.encoder.preprocess = Preprocess(16, 8)
        self.classifier = torch.nn.Sequential(torch.nn.Linear(self.encoder.feature_dim, IDENTITIES))


def test_the_trained_encoder_works_with_extract_features(tmp_path: Path) -> None:
    task = RealTask()
    run_training(task, LOADERS, config(1, steps_per_epoch=1), tmp_path)
    encoder = create_model("resnet18_baseline", weights=tmp_path / "encoder.safetensors")
    assert encoder.preprocess == Preprocess(16, 8)
    image = np.zeros((32, 16, 3), np.uint8)
    features = extract_features([image], encoder, device="cpu", channel_order="rgb")
    expected = extract_features([image], task.encoder, device="cpu", channel_order="rgb")
    np.testing.assert_array_equal(features.values, expected.values)
