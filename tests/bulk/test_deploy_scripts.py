"""The SLURM script runs without SLURM, and the examples name options that exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_align import create_model, read_features, save_pretrained
from reid_align.extract import build_parser
from reid_align.join import main as join
from reid_align.preprocess import Preprocess
from reid_align.serve import build_parser as serve_parser

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_examples_use_options_that_exist() -> None:
    known = build_parser().format_help() + serve_parser().format_help()
    found = set()
    for file in sorted(DEPLOY.iterdir()):
        text = file.read_text("utf-8").replace("\\\n", " ").replace("\n      ", " ")
        for line in re.findall(r"(?:reid_align.extract|serve --).*", text):
            found |= set(re.findall(r'(?<=[\s"])--[a-z-]+', line))
    others = {"--port", "--rm", "--gpus", "--shm-size", "--engine", "--array", "--nodes", "--uid"}
    for option in found - others:
        assert f"{option} " in known or f"{option}\n" in known, option
    assert {"--shard", "--resume", "--gallery"} <= found


@pytest.mark.slow
def test_the_slurm_array_script_extracts_all_parts(tmp_path: Path) -> None:
    encoder = create_model("san_mobilenet_v2")
    encoder.preprocess = Preprocess(32, 16)
    save_pretrained(encoder, tmp_path / "weights")
    (tmp_path / "crops").mkdir()
    random = np.random.default_rng(0)
    for index in range(40):
        pixels = random.integers(0, 256, (40, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"crops/{index:02}.jpg")
    (tmp_path / "crops/07.jpg").write_bytes(b"no image")
    script = ["bash", str(DEPLOY / "slurm_array.sh")]
    options = ["--part-images", "16", "--weights", "weights", "--device", "cpu"]
    for task in range(2):
        array = {"SLURM_ARRAY_TASK_ID": str(task), "SLURM_ARRAY_TASK_COUNT": "2"}
        environment = os.environ | array | {"SLURM_CPUS_PER_TASK": "1", "PYTHON": sys.executable}
        command = [*script, "crops", "feats.parquet", *options]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    assert subprocess.run(script, check=False, capture_output=True).returncode == 2
    parts = sorted(str(path) for path in tmp_path.glob("feats-*-of-00002.parquet"))
    assert join([*parts, "-o", str(tmp_path / "feats.npy")]) == 0
    found = read_features(tmp_path / "feats.npy")
    assert sorted(found.paths) == [f"crops/{i:02}.jpg" for i in range(40) if i != 7]
    assert [image.path for image in found.failed] == ["crops/07.jpg"]
