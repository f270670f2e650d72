"""What number formats cost, and what a training step is spent on, measured and in tables."""

import json
import re
import sys
from argparse import Namespace
from importlib import import_module
from pathlib import Path

import pytest
from tiny_people import make_set

from benchmarks.docs_tables.speed_tables import precision as precision_table
from benchmarks.docs_tables.training_tables import training_profile as profile_table
from benchmarks.speed import precision, training_profile
from reid_align import create_model
from reid_align.preprocess import Preprocess

pytestmark = pytest.mark.slow

RECIPE = "san_baseline"
ORIGIN = {"command": "run", "commit": "0123456789", "machine": "m", "cores": 2, "torch": "2.6"}


def test_formats_are_compared_with_float32(tmp_path: Path) -> None:
    encoder = create_model("san_resnet14")
    encoder.preprocess = Preprocess(32, 16)
    formats = [*precision.FORMATS[:2], ("openvino", "float32")]
    options = Namespace(rounds=1, seconds=0.01, height=32, width=16, device="cpu")
    assert min(precision.rates(encoder, formats, options).values()) > 0
    found = precision.scores(encoder, formats, "synthetic", str(make_set(tmp_path / "set")))
    assert found.keys() == {"torch float32", "torch bfloat16", "openvino float32"}
    exact, half, other = (one["max_relative_error"] for one in found.values())
    assert exact == 0 <= other < half < 0.5


def test_precision_table() -> None:
    scores = {"rank1": 74.36, "mAP": 66.57, "max_relative_error": 0.012, "min_cosine": 0.9998}
    row = {
        "images_per_second": {"torch bfloat16": 74.2},
        "scores": {"synthetic": {"torch bfloat16": scores}},
    }
    row |= {**ORIGIN, "label": "san", "batch": 8, "height": 256, "width": 128}
    text = precision_table({"rows": [row]})
    assert "| san | torch bfloat16 | 74 | 74.36 / 66.57 | 0.01 | 0.9998 |" in text
    assert "8 images of 256×128" in text
    unscored = precision_table({"rows": [{**row, "scores": {}}]})
    assert "| san | torch bfloat16 | 74 | nan | nan |" in unscored


def test_training_profile_shares_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "profile.json"
    command = ["training_profile.py", RECIPE, "--height", "32", "--width", "16"]
    command += ["--people", "2", "--rounds", "1", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", command)
    training_profile.main()
    record = json.loads(output.read_text())
    shares = record["recipes"][RECIPE]["shares"]
    assert shares.keys() == {
        *training_profile.PURPOSES.values(), training_profile.UPDATE, training_profile.REST,
    }  # fmt: skip
    assert sum(shares.values()) == pytest.approx(1, abs=0.01)
    assert min(shares.values()) > 0
    assert record["update_ms"].keys() == training_profile.VARIANTS.keys()
    text = profile_table(record)
    assert "8 images of 32×16" in text
    assert "fused (used here)" in text


def test_documented_gpu_commands_parse() -> None:
    text = (Path(__file__).parents[2] / "docs/speed.md").read_text("utf-8")
    commands = re.findall(
        r"^python -m benchmarks\.speed\.(\w+) (.*--device cuda.*)$", text, re.MULTILINE
    )
    assert {script for script, _ in commands} == {"throughput", "evaluation", "training_profile"}
    for script, arguments in commands:
        options = (
            import_module(f"benchmarks.speed.{script}").build_parser().parse_args(arguments.split())
        )
        assert options.device == "cuda"
