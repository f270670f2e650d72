"""Time the loading of training images.

    python -m benchmarks.speed.loading data/synth
    python -m benchmarks.speed.loading data/synth --num-workers 16 --seconds 30

Reports images per second for: one worker core (CPU time); the main process, which receives the
batches and normalizes, erases and scales them (CPU time); and all workers together (wall-clock).
Includes decoding, resizing, augmentation, textures and part images, but no network. Loading limits
training only if the last figure is lower than the training speed. About two minutes; writes
benchmarks/results/loading.json.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, provenance, write_result
from reid_align.batches.augmentation import MODERN_AUGMENT, AugmentConfig
from reid_align.batches.batch import BatchSpec
from reid_align.batches.batch_loader import BatchLoader
from reid_align.batches.loader_workers import BatchPlan, build_batches
from reid_align.batches.sample_builder import SampleBuilder
from reid_align.batches.samplers import PKSampler
from reid_align.batches.sources import SyntheticSource
from reid_align.preprocess import Preprocess

AUGMENT = AugmentConfig()
CASES = {
    "images": (BatchSpec(), AUGMENT),
    "images, modern": (BatchSpec(), MODERN_AUGMENT),
    "with textures": (BatchSpec("texture"), AUGMENT),
    "with part images": (BatchSpec(part_images="uv"), AUGMENT),
    "with part crops": (BatchSpec(part_images="crops"), AUGMENT),
    "with dense pose maps": (BatchSpec(iuv=True), AUGMENT),
}


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of a function in this thread."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def measure(source: SyntheticSource, spec: BatchSpec, augment: AugmentConfig, count: int) -> float:
    """Return a worker's CPU seconds per image."""
    builder = SampleBuilder(source, spec, Preprocess(), augment, seed=0)
    indices = torch.randint(len(source), (count,)).numpy()

    def consume() -> None:
        for _ in build_batches(builder, [BatchPlan(0, 0, 0, indices)], 0):
            pass

    consume()
    return cpu_seconds(consume) / count


def throughput(stream: BatchLoader, seconds: float) -> tuple[float, float]:
    """Return images per wall-clock second, and this process's CPU seconds per image."""
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
    """Measure every case and print it as a table row."""
    source = SyntheticSource(options.folder)
    print(f"{'images/s':22}{'per core':>10}{'this process':>14}{'workers':>10}")
    figures = {}
    for name, (spec, augment) in CASES.items():
        per_core = 1 / measure(source, spec, augment, options.count)
        stream = BatchLoader(
            source,
            spec,
            Preprocess(),
            augment,
            PKSampler(),
            seed=0,
            num_workers=options.num_workers,
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
    parser = benchmark_parser("python -m benchmarks.speed.loading", __doc__)
    parser.add_argument("folder", type=Path, help="folder of a synthetic set")
    parser.add_argument("--num-workers", type=int, default=2, help="loader workers")
    parser.add_argument("--seconds", type=float, default=5.0, help="duration of each measurement")
    parser.add_argument("--count", type=int, default=256, help="images per measurement of one core")
    parser.add_argument("--output", type=Path, default=RESULTS / "loading.json", help="result file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    record = {"benchmark": "loading", **provenance(), "workers": options.num_workers}
    write_result(options.output, {**record, "images_per_second": compare(options)})


if __name__ == "__main__":
    main()
