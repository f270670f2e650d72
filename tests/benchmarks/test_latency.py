"""The benchmark of single images times every way, and they agree."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_all_interfaces_are_timed_and_agree(tmp_path: Path) -> None:
    output = tmp_path / "latency.json"
    size = ["--images", "2", "--rounds", "1", "--height", "64", "--width", "32"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.latency", *size, "--output", output],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(output.read_text("utf-8"))
    rows = {row["name"]: row for row in record["rows"]}
    assert next(iter(rows)) == "torchreid"
    assert {"extract_features", "FeatureExtractor, num_workers=1"} < rows.keys()
    assert all(row["ms"] > 0 and row["min_cosine"] > 0.9999 for row in rows.values())
