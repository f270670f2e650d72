"""What is measured in processes of their own: memory by the number of images, and the start."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

# A small network and small pictures: what grows with their number is the same, and shows sooner.
EXTRACT_MANY = """
import re, resource, sys, time
from pathlib import Path
from reid_align import create_model
from reid_align.features import ExtractOptions, extract_to_file
from reid_align.images import find_images
from reid_align.preprocess import Preprocess
folder, output, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
encoder = create_model("resnet18_baseline")
encoder.preprocess = Preprocess(64, 32)
images = list(find_images([folder]))
paths = [images[i % len(images)] for i in range(count)]
began = time.perf_counter()
extract_to_file(paths, encoder, output, ExtractOptions(sys.argv[4]))
seconds = time.perf_counter() - began
status = Path("/proc/self/status")
if status.exists():  # Linux: the other figure would not be less than what the parent had held.
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) / 2**10
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(peak, seconds)
"""
LOAD = """
import sys, torch
from safetensors.torch import load_file
load_file(sys.argv[1])
"""


def memory(folder: Path, counts: Sequence[int], device: str) -> list[dict[str, float]]:
    """Return peak memory (MiB) and seconds of an extraction, for each number of images."""
    found = []
    with tempfile.TemporaryDirectory() as place:
        for count in counts:
            output = str(Path(place) / f"{count}.npy")
            arguments = [str(folder), output, str(count), device]
            peak, seconds = map(float, _python("-c", EXTRACT_MANY, *arguments).split())
            found.append({"images": count, "peak_mib": round(peak), "seconds": round(seconds, 2)})
            print(f"  {found[-1]}", flush=True)
    return found


def start(picture: Path, weights: Path, rounds: int) -> dict[str, float]:
    """Return the seconds to the first feature, and of importing torch and loading the weights."""
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        extract = ["-m", "reid_align.extract", str(picture), "-o", str(Path(place) / "f.npy")]
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
