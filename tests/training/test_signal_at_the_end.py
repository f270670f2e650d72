"""A signal after the last step still raises KeyboardInterrupt."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest
from toy_training import config, feature_spread, train

from reid_align.training import Task, TrainingSummary


def interrupting(task: Task) -> Mapping[str, float]:
    os.kill(os.getpid(), signal.SIGINT)
    return feature_spread(task)


def files(folder: Path) -> dict[str, bytes]:
    kept = [path for path in folder.rglob("*") if path.is_file() and path.name != "timing.jsonl"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def test_a_signal_during_the_last_evaluation(tmp_path: Path) -> None:
    train(tmp_path / "whole", config(2))
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", config(2), evaluator=interrupting)
    assert train(tmp_path / "run", config(2)).nothing_to_do
    assert files(tmp_path / "run") == files(tmp_path / "whole")


def test_the_next_stage_does_not_start(tmp_path: Path) -> None:
    def stages(first: object) -> TrainingSummary:
        train(tmp_path / "first", config(1), evaluator=first)
        return train(tmp_path / "second", config(1))

    with pytest.raises(KeyboardInterrupt):
        stages(interrupting)
    assert not (tmp_path / "second").exists()
    assert stages(feature_spread).steps == 3
