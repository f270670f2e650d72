"""Measurements in separate processes: memory by number of images, and start-up time."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

EXTRACT_MANY = Path(__file__).with_name("peak_memory.py")
LOAD = """
import sys, torch
from safetensors.torch import load_file
load_file(sys.argv[1])
"""


def memory(folder: Path, counts: Sequence[int], device: str) -> list[dict[str, float]]:
    """Return peak memory (MiB) and seconds of an extraction for each number of images."""
    found = []
    with tempfile.TemporaryDirectory() as place:
        for count in counts:
            output = str(Path(place) / f"{count}.npy")
            arguments = [str(folder), output, str(count), device]
            peak, seconds = map(float, _python(str(EXTRACT_MANY), *arguments).split())
            found.append({"images": count, "peak_mib": round(peak), "seconds": round(seconds, 2)})
            print(f"  {found[-1]}", flush=True)
    return found


def start(image: Path, weights: Path, rounds: int) -> dict[str, float]:
    """Return the seconds to the first feature, and to import torch and load the weights."""
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        extract = ["-m", "reid_align.extract", str(image), "-o", str(Path(place) / "f.npy")]
        works = {
            "torch_and_weights_s": ["-c", LOAD, str(weights)],
            "first_feature_s": [*extract, "--weights", str(weights), "--device", "cpu"],
        }
        for _ in range(rounds):
            for name, arguments in works.items():
                began = time.perf_counter()
                _python(*arguments)
                passed = round(time.perf_counter() - began, 2)
                best[name] = min(best.get(name, passed), passed)
    best["ratio"] = round(best["first_feature_s"] / best["torch_and_weights_s"], 2)
    print(f"  {best}", flush=True)
    return best


def _python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{arguments[:2]} failed:\n{done.stderr}")
    return done.stdout
