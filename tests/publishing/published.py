"""A short training run with an evaluation result and a card."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tiny_people import make_set

from reid_align.evaluate import main as evaluate
from reid_align.train import main as train

NAME, REPO_ID = "resnet18_baseline.try", "maintainer-org/try"
CARD = """\
summary = "Two steps on six people of plain colors."
license = "Apache-2.0"
cost = "two seconds on one core"
citation = "@inproceedings{jin2020san, year={2020}}"
limits = ["Random weights, for testing only."]

[recipe]
command = "python -m reid_align.train san_baseline --tiny --data synthetic=people -o run"

[[training_data]]
name = "people of plain colors"
terms = "Apache-2.0"
synthetic = true

[[results]]
file = "result.json"
note = "64×32"
"""


def make_run(folder: Path) -> Path:
    """Train, evaluate, and write a card: ``run/``, ``result.json`` and ``card.toml``."""
    people = make_set(folder / "people")
    options = [
        "--tiny",
        "--device",
        "cpu",
        "--num-workers",
        "0",
        "--set",
        "training.steps_per_epoch=2",
    ]
    options += ["--set", "task.encoder.smoothing=0.5", "--set", "task.encoder.stretch=0.02"]
    trained = ["san_baseline", "--data", f"synthetic={people}", *options, "--seed", "5"]
    assert train([*trained, "-o", str(folder / "run")]) == 0
    measure(folder, folder / "run" / "encoder.safetensors", "result.json")
    (folder / "card.toml").write_text(CARD, "utf-8")
    return folder


def measure(folder: Path, weights: Path, output: str, *options: str) -> Path:
    """Evaluate weights on the dataset of a folder written by `make_run`."""
    place = ["synthetic", str(folder / "people"), "--weights", str(weights), "--device", "cpu"]
    assert evaluate([*place, "-o", str(folder / output), *options]) == 0
    return folder / output


def empty_manifest(folder: Path) -> Path:
    path = folder / "weights_manifest.json"
    path.write_text(json.dumps({"schema": 1, "weights": {}}))
    return path


def in_a_new_process(site: Path, home: Path, code: str) -> str:
    """Run code with the package and the manifest in ``site`` and an empty cache."""
    environment = {name: text for name, text in os.environ.items() if name != "HF_TOKEN"}
    environment |= {"PYTHONPATH": str(site), "HF_HOME": str(home), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, cwd=site, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
