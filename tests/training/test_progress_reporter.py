import json
import re
from pathlib import Path

import pytest

from reid_align.training.reporting.progress_reporter import ProgressReporter
from reid_align.training.training_state import TrainingPosition


def test_lines_have_steps_time_left_epoch_and_losses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = TrainingPosition(10, 1, 0, 10)
    reporter = ProgressReporter(tmp_path, start, visible=True, interval=0.0)
    reporter.start(10)
    reporter.update(64, TrainingPosition(11, 1, 1, 10), epochs=3)
    reporter.report(11, {"objective/reid/main": 2.5, "term/reid/identity": 2.0, "lr/main": 0.1})
    reporter.update(64, TrainingPosition(12, 1, 2, 10), epochs=3)
    reporter.close()
    first, second = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"11/30 steps, [\d.]+ steps/s, [\d:]+ left, epoch 2/3", first)
    assert re.search(r"12/30 steps.* left, epoch 2/3, reid/main 2.5, \d+ images/s$", second)
    lines = [json.loads(line) for line in (tmp_path / "timing.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 11]
    assert [set(line) for line in lines] == [{"step", "seconds"}, {"step", "seconds", "images/s"}]
