import math
from pathlib import Path

import pytest

from reid_align.errors import OutputError
from reid_align.training.reporting.json_lines import JsonLinesFile


def test_truncate_drops_later_lines(tmp_path: Path) -> None:
    log = JsonLinesFile(tmp_path / "metrics.jsonl")
    log.truncate(0)
    log.append({"step": 1, "objective/main": 0.1 + 0.2})
    size = log.flush()
    log.append({"step": 2, "objective/main": math.nan})
    assert log.path.read_text() == (
        '{"step": 1, "objective/main": 0.30000000000000004}\n{"step": 2, "objective/main": null}\n'
    )
    log.truncate(size)
    assert log.flush() == size == len(log.path.read_bytes())


def test_truncating_a_shorter_file_is_an_error(tmp_path: Path) -> None:
    log = JsonLinesFile(tmp_path / "metrics.jsonl")
    with pytest.raises(OutputError, match=r"has 0 bytes, but had 9 when the checkpoint"):
        log.truncate(9)


def test_an_unwritable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"Cannot write .*none/metrics.jsonl"):
        JsonLinesFile(tmp_path / "none" / "metrics.jsonl").append({"step": 1})
