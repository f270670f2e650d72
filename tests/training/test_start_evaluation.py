"""Evaluation of the initial weights."""

import json
from pathlib import Path

import pytest
from toy_training import ToyTask, config, feature_spread, train

from reid_align.errors import NotFiniteError
from reid_align.training.saving.run_checkpoints import Checkpoints
from reid_align.training.task_interface import Task

START = {"evaluate_start": True, "evaluate_every": 2}


def test_the_initial_weights_are_scored_before_the_first_step(tmp_path: Path) -> None:
    summary = train(tmp_path, config(2, **START))
    assert summary.start is not None
    assert summary.start.epoch == 0
    assert summary.start.scores == feature_spread(ToyTask().eval().requires_grad_(False))
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    scored = [(line["step"], line["epoch"]) for line in lines if "score/mAP" in line]
    assert scored == [(0, 0), (7, 2)]
    assert train(tmp_path, config(2, **START)).start == summary.start
    assert train(tmp_path / "without", config(2)).start is None


def test_worse_training_keeps_the_initial_weights_as_the_best(tmp_path: Path) -> None:
    scores = iter([0.5, 0.4])
    summary = train(tmp_path, config(2, **START), evaluator=lambda task: {"mAP": next(scores)})
    assert summary.best is not None
    assert (summary.best.epoch, summary.best.scores) == (0, {"mAP": 0.5})
    best, last = tmp_path / "best" / "encoder.safetensors", tmp_path / "encoder.safetensors"
    assert best.read_bytes() != last.read_bytes()


def test_the_scores_survive_an_interruption(tmp_path: Path) -> None:
    calls: list[int] = []

    def fails_once(task: Task) -> dict[str, float]:
        calls.append(1)
        if len(calls) == 2:
            raise NotFiniteError("stop")
        return {"mAP": len(calls) / 10}

    with pytest.raises(NotFiniteError):
        train(tmp_path, config(4, **START), evaluator=fails_once)
    assert Checkpoints(tmp_path / "checkpoint", 1).newest() == 7
    summary = train(tmp_path, config(4, **START), evaluator=fails_once)
    assert summary.start is not None
    assert summary.start.scores == {"mAP": 0.1}
    assert len(calls) == 4


def test_a_failed_first_evaluation_starts_again(tmp_path: Path) -> None:
    def fails(task: Task) -> dict[str, float]:
        raise NotFiniteError("stop")

    with pytest.raises(NotFiniteError):
        train(tmp_path, config(2, **START), evaluator=fails)
    whole = train(tmp_path, config(2, **START))
    assert (whole.resumed_at, whole.steps) == (0, 7)
    other = train(tmp_path.with_name("other"), config(2, **START))
    assert [path.read_bytes() for path in whole.products] == [
        path.read_bytes() for path in other.products
    ]
