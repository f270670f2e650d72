import math
from pathlib import Path

import pytest

from reid_align.errors import OutputError
from reid_align.training.journal import Journal


def test_lines_can_be_cut_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "metrics.jsonl")
    journal.cut(0)
    journal.append({"step": 1, "objective/main": 0.1 + 0.2})
    size = journal.flush()
    journal.append({"step": 2, "objective/main": math.nan})
    assert journal.path.read_text() == (
        '{"step": 1, "objective/main": 0.30000000000000004}\n{"step": 2, "objective/main": null}\n'
    )
    journal.cut(size)
    assert journal.flush() == size == len(journal.path.read_bytes())


def test_a_log_that_lost_lines_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "metrics.jsonl")
    with pytest.raises(OutputError, match=r"has 0 bytes, and had 9 when the checkpoint"):
        journal.cut(9)


def test_curves_are_grouped_by_the_first_part_of_a_key(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "metrics.jsonl")
    journal.append({"step": 2, "epoch": 0, "term/reid/identity": 3.0, "lr/main": 0.5})
    journal.append({"step": 4, "epoch": 1, "term/reid/identity": 2.0, "score/mAP": math.nan})
    assert journal.curves() == {
        "term": {"reid/identity": [(2.0, 3.0), (4.0, 2.0)]},
        "lr": {"main": [(2.0, 0.5)]},
    }


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"Cannot write .*none/metrics.jsonl"):
        Journal(tmp_path / "none" / "metrics.jsonl").append({"step": 1})
