"""Gallery benchmark: its data, its command and its table."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.docs_tables.gallery_table import galleries as gallery_table
from benchmarks.speed.galleries import clustered_features

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_synthetic_features_are_clusters_of_unit_vectors(tmp_path: Path) -> None:
    clustered_features(tmp_path / "features.npy", 60, 32)
    values = np.load(tmp_path / "features.npy")
    assert values.shape == (60, 32)
    assert np.allclose(np.linalg.norm(values, axis=1), 1, atol=1e-5)
    cosines = values @ values.T
    same = np.arange(60)[:, None] // 20 == np.arange(60) // 20
    assert cosines[same & ~np.eye(60, dtype=bool)].mean() > 0.4 > cosines[~same].mean() + 0.3


def test_command_and_table(tmp_path: Path) -> None:
    output = tmp_path / "galleries.json"
    command = [sys.executable, "-m", "benchmarks.speed.galleries", "--label", "small"]
    options = ["--rows", "1500", "--dim", "16", "--output", str(output)]
    methods = ["--methods", "exact", "gallery"]
    subprocess.run([*command, *options, *methods], cwd=ROOT, check=True, capture_output=True)
    record = json.loads(output.read_text())
    (row,) = record["rows"]
    assert (row["rows"], row["feature_dim"], row["source"]) == (1500, 16, "synthetic")
    assert {name: found["recall"] for name, found in row["methods"].items()} == {
        "exact": 1,
        "gallery": 1,
    }
    lines = [line for line in gallery_table(record).splitlines() if line.startswith("| 1,500")]
    assert len(lines) == 2
    assert "| `Gallery`, exact |" in lines[1]
