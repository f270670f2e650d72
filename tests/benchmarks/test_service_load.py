"""The load test of the service measures rates, latency and memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.services
def test_rates_latency_and_memory_are_measured(tmp_path: Path) -> None:
    output = tmp_path / "load.json"
    command = [sys.executable, "-m", "benchmarks.speed.service_load", "--quick"]
    done = subprocess.run([*command, "--output", output], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(output.read_text("utf-8"))
    assert [(row["answer"], row["clients"]) for row in record["rows"]] == [("json", 4), ("npy", 4)]
    for row in record["rows"]:
        assert row["images_per_second"] > 0
        assert 0 < row["p50_ms"] <= row["p95_ms"]
        assert row["share_of_extractor"] > 0
    assert 0 < record["memory_mb"]["after_start"] <= record["memory_mb"]["peak"]
