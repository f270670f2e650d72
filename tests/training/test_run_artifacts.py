"""Curves of a run without matplotlib."""

import logging
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from reid_align.training.reporting.metrics_log import MetricsLog
from reid_align.training.saving.run_artifacts import RunArtifacts


def no_samples() -> NoReturn:
    raise AssertionError("no samples are drawn")


def test_without_matplotlib_the_extra_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = MetricsLog(tmp_path, 0, 0)
    artifacts = RunArtifacts(tmp_path, metrics, None, "mAP", no_samples)
    metrics.write(1, 0, {"loss/total": 1.0})
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with caplog.at_level(logging.WARNING):
        artifacts.draw_curves()
        artifacts.draw_curves()
    (record,) = caplog.records
    assert "curves.png" in record.getMessage()
    assert "[plot]" in record.getMessage()
    assert not (tmp_path / "curves.png").exists()
    assert (tmp_path / "metrics.jsonl").read_text().count("\n") == 1


def test_with_matplotlib_the_curves_are_drawn(tmp_path: Path) -> None:
    metrics = MetricsLog(tmp_path, 0, 0)
    artifacts = RunArtifacts(tmp_path, metrics, None, "mAP", no_samples)
    metrics.write(1, 0, {"loss/total": 1.0})
    artifacts.draw_curves()
    assert (tmp_path / "curves.png").is_file()
