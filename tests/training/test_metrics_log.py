import math
from pathlib import Path

from reid_align.training.reporting.metrics_log import MetricsLog


def test_curves_are_grouped_by_the_first_part_of_a_key(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path, 0, 0)
    log.write(2, 0, {"term/reid/identity": 3.0, "lr/main": 0.5})
    log.write(4, 1, {"term/reid/identity": 2.0, "score/mAP": math.nan})
    assert log.curves() == {
        "term": {"reid/identity": [(2.0, 3.0), (4.0, 2.0)]},
        "lr": {"main": [(2.0, 0.5)]},
    }


def test_a_resumed_log_drops_lines_after_the_checkpoint(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path, 0, 0)
    log.write(2, 0, {"lr/main": 0.5})
    size = log.flush()
    log.write(4, 0, {"lr/main": 0.1})
    assert MetricsLog(tmp_path, size, 2).curves() == {"lr": {"main": [(2.0, 0.5)]}}
