"""The loss of exported files: what the committed command measures, and its table."""

import json
import sys
from pathlib import Path

import pytest
from tiny_people import make_set

from benchmarks.docs_tables.export_table import exported_precision as export_table
from benchmarks.speed import exported_precision

ORIGIN = {"command": "run", "commit": "0123456789", "machine": "m", "cores": 2, "torch": "2.6"}


@pytest.mark.slow
def test_files_are_compared_with_extract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "result.json"
    command = ["exported_precision", "--models", "san_resnet50", "--precisions", "int8"]
    command += ["--data", f"synthetic={make_set(tmp_path / 'set')}", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", [*command, "--rounds", "1", "--seconds", "0.1"])
    exported_precision.main()
    [row] = json.loads(output.read_text())["rows"]
    assert row["scores"].keys() == row["images_per_second"].keys() == {"extract", "int8"}
    assert row["scores"]["extract"]["min_cosine"] == pytest.approx(1, abs=1e-5)
    found = row["scores"]["int8"]
    assert 0.9 < found["min_cosine"] <= found["percentile1_cosine"] <= found["mean_cosine"] < 1
    assert row["calibration_images"] <= 128
    assert "| san_resnet50 | int8 |" in export_table({"rows": [row]})


def test_the_table_has_sizes_scores_and_cosines() -> None:
    scores = {"rank1": 10.21, "mAP": 11.2, "min_cosine": 0.99712, "images": 6732}
    scores |= {"percentile1_cosine": 0.99801, "mean_cosine": 0.9991}
    row = {**ORIGIN, "label": "san", "dataset": "cuhk03_detected", "calibration_images": 128}
    row |= {"bytes": {"int8": 24 * 2**20}, "scores": {"extract": scores, "int8": scores}}
    text = export_table({"rows": [row]})
    assert "| san | int8 | 24.0 | 10.21 / 11.20 | 0.9971 | 0.9980 | 0.9991 |\n" in f"{text}\n"
    assert "| san | `extract` |  | 10.21 / 11.20 |" in text
    fast = export_table({"rows": [{**row, "images_per_second": {"extract": 90, "int8": 171.4}}]})
    assert "| 0.9971 | 0.9980 | 0.9991 | 171 |" in fast
    assert "6,732 query and gallery images" in text
