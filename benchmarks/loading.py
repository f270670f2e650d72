"""How fast training images are loaded: images per second of one core, and of several workers.

    python benchmarks/loading.py data/synth
    python benchmarks/loading.py data/synth --workers 16 --seconds 30

The first column is CPU time of one worker's work, in this process; the second that of the training
process, which takes batches over from the workers and finishes them (normalizes, erases, scales);
the third is wall-clock time with the workers asked for. Decoding, resizing, augmentation, textures
and part images are included; the network is not. Training is limited by the loader only where the
third is too little. The figures go to benchmarks/results/loading.json.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch
from provenance import RESULTS, provenance, write_result

from reid_align.batches.augmentation import MODERN_AUGMENT, AugmentConfig
from reid_align.batches.batch import BatchSpec
from reid_align.batches.batch_loader import BatchLoader
from reid_align.batches.sample_builder import SampleBuilder
from reid_align.batches.samplers import PKSampler
from reid_align.batches.sources import SyntheticSource
from reid_align.batches.workers import BatchPlan, load
from reid_align.preprocess import Preprocess

AUGMENT = AugmentConfig()
CASES = {
    "images": (BatchSpec(), AUGMENT),
    "images, modern": (BatchSpec(), MODERN_AUGMENT),
    "with textures": (BatchSpec("texture"), AUGMENT),
    "with part images": (BatchSpec(part_images="uv"), AUGMENT),
    "with part crops": (BatchSpec(part_images="crops"), AUGMENT),
    "with dense maps": (BatchSpec(iuv=True), AUGMENT),
}


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time that some work takes in this thread."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def measure(
    source: SyntheticSource, wanted: BatchSpec, augment: AugmentConfig, count: int
) -> float:
    """Return the CPU seconds of a worker for each image."""
    maker = SampleBuilder(source, wanted, Preprocess(), augment, seed=0)
    indices = torch.randint(len(source), (count,)).numpy()
    consume = lambda: [None for _ in load(maker, [BatchPlan(0, 0, indices)], workers=0)]  # noqa: E731
    consume()
    return cpu_seconds(consume) / count


def throughput(stream: BatchLoader, seconds: float) -> tuple[float, float]:
    """Return images a second of wall-clock time, and CPU seconds of this process for each."""
    batches = stream.epoch(0)
    next(batches)
    count, began, cpu = 0, time.perf_counter(), time.thread_time()
    for batch in batches:
        count += len(batch)
        if time.perf_counter() - began > seconds:
            break
    elapsed, spent = time.perf_counter() - began, time.thread_time() - cpu
    return count / elapsed, spent / count


def compare(options: argparse.Namespace) -> dict[str, dict[str, int]]:
    """Measure every case, and print it as a row of a table."""
    source = SyntheticSource(options.folder)
    print(f"{'images/s':22}{'per core':>10}{'this process':>14}{'workers':>10}")
    figures = {}
    for name, (wanted, augment) in CASES.items():
        per_core = 1 / measure(source, wanted, augment, options.count)
        stream = BatchLoader(
            source, wanted, Preprocess(), augment, PKSampler(), seed=0, workers=options.workers
        )
        together, own = throughput(stream, options.seconds)
        figures[name] = {
            "per_core": round(per_core),
            "training_process": round(1 / own),
            "workers": round(together),
        }
        row = "{per_core:10d}{training_process:14d}{workers:10d}".format(**figures[name])
        print(f"{name:22}{row}")
    return figures


def main() -> None:
    """Parse the arguments, measure, print and write."""
    parser = argparse.ArgumentParser("loading.py", description=__doc__)
    parser.add_argument("folder", type=Path, help="a synthetic set")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--count", type=int, default=256)
    parser.add_argument("--output", type=Path, default=RESULTS / "loading.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    record = {"benchmark": "loading", **provenance(), "workers": options.workers}
    write_result(options.output, {**record, "images_per_second": compare(options)})


if __name__ == "__main__":
    main()
