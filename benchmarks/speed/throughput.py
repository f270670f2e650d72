"""Throughput from images to features: torchreid, every backend, and the limit of the machine.

    python -m benchmarks.speed.throughput
    python -m benchmarks.speed.throughput --quick --output throughput.json
    python -m benchmarks.speed.throughput --device cuda --batches 32 128 256

Everything is measured in turn in one run on the same images; the best round counts. Measures the
network only, extraction from files (and that all features agree), DSA-reID, memory, start-up time
and scaling. --skip leaves out backends that are not installed (onnx openvino compile) and parts of
the result (memory start). Run it on an idle machine: about 20 minutes on two cores, seconds with
--quick. Writes benchmarks/results/throughput.json.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import torch

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, provenance, write_result
from benchmarks.speed.forward_variants import MEASURED_BACKENDS, backend_variant, eager_variants
from benchmarks.speed.matrix_product_rates import arithmetic, matrix_product_rates
from benchmarks.speed.subprocess_measures import memory, start
from benchmarks.speed.throughput_measures import (
    disagreements,
    measure_encoders,
    measure_files,
    measure_forward,
    measure_growth,
)
from reid_align import Encoder, create_model, save_pretrained
from reid_align.images import find_images
from reid_align.inference.parallelism import Parallelism
from reid_align.preprocess import Preprocess

EXAMPLES = Path(__file__).parents[2] / "examples"
CPU_ONLY = ("onnx", "openvino")
BEGAN = time.perf_counter()


def log(text: str) -> None:
    """Print the current measurement with the elapsed time."""
    print(f"[{time.perf_counter() - BEGAN:5.0f} s] {text}", flush=True)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("python -m benchmarks.speed.throughput", __doc__)
    parser.add_argument("--device", default="cpu", help="torch device")
    parser.add_argument(
        "--batches",
        type=int,
        nargs="+",
        default=[1, 4, 8, 16],
        help="batch sizes of the network alone",
    )
    parser.add_argument("--images", type=int, default=256, help="images per extraction from files")
    parser.add_argument(
        "--many",
        type=int,
        nargs="+",
        default=[1000, 10000],
        help="image counts of the memory measurement",
    )
    parser.add_argument(
        "--rounds", type=int, default=2, help="number of rounds; the best one counts"
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="duration of each measurement")
    parser.add_argument("--height", type=int, default=256, help="image height in pixels")
    parser.add_argument("--width", type=int, default=128, help="image width in pixels")
    parser.add_argument(
        "--skip", nargs="*", default=[], help="backends or parts of the result to leave out"
    )
    parser.add_argument("--quick", action="store_true", help="smoke test with tiny sizes")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "throughput.json", help="result file"
    )
    return parser


def apply_shortcuts(options: argparse.Namespace) -> argparse.Namespace:
    """Apply --quick and --device to the other options."""
    if options.quick:
        options.batches, options.images, options.many = [2], 4, [8, 16]
        options.rounds, options.seconds, options.height, options.width = 1, 0.01, 32, 16
    if options.device != "cpu":
        options.skip = [*options.skip, *CPU_ONLY]
    return options


def measurements(encoder: Encoder, options: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """Return the measurements in order; all use the same encoder."""
    device, batches = torch.device(options.device), tuple(options.batches)
    backends = [chosen for chosen in MEASURED_BACKENDS if chosen[0] not in options.skip]
    paths = list(islice(cycle(sorted(find_images([EXAMPLES]))), options.images))

    def forward() -> object:
        built = [backend_variant(encoder, *chosen, device, batches) for chosen in backends]
        return measure_forward([*eager_variants(encoder, batches), *built], options)

    return {
        "giga_operations_per_second": partial(limits, device, options),
        "forward": forward,
        "from_files": partial(measure_files, encoder, paths, backends, options),
        "encoders": partial(measure_encoders, options),
        "growth": partial(measure_growth, encoder, paths, options),
        "memory": partial(memory, EXAMPLES, options.many, options.device),
        "start": partial(first_feature, encoder, Path(paths[0]), options.rounds),
    }


def limits(device: torch.device, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Return the peak matrix-product throughput of this machine."""
    sizes = (64,) if options.quick else (1024, 2048) if device.type == "cpu" else (8192,)
    parallelism = Parallelism.share(device, torch.get_num_threads())
    return matrix_product_rates(
        device, parallelism, options.seconds, options.rounds, sizes, skip=options.skip
    )


def first_feature(encoder: Encoder, image: Path, rounds: int) -> dict[str, float]:
    """Return the time from starting the command to the features of one image."""
    with tempfile.TemporaryDirectory() as folder:
        saved = save_pretrained(deepcopy(encoder).cpu(), Path(folder) / "encoder")
        return start(image, saved / "model.safetensors", rounds)


def main() -> None:
    """Run all measurements; write the result after each."""
    options = apply_shortcuts(build_parser().parse_args())
    device = torch.device(options.device)
    # TF32 convolutions would break the agreement of features between backends.
    torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(0)
    encoder = create_model("san_resnet50")
    encoder.preprocess = Preprocess(options.height, options.width)
    record: dict[str, object] = {"benchmark": "throughput", **provenance()}
    record |= {"height": options.height, "width": options.width, "device": options.device}
    record["torch_threads"] = torch.get_num_threads()
    record["giga_operations_per_image"] = round(arithmetic(encoder) / 1e9, 3)
    for name, step in measurements(encoder.to(device), options).items():
        if name not in options.skip:
            log(name)
            record[name] = step()
            write_result(options.output, record)
    log(f"written: {options.output}")
    rows = record.get("from_files", [])
    if isinstance(rows, list) and (found := disagreements(rows)):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
