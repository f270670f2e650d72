"""How fast images become features: the peers' way, ours, and what the machine can do at most.

All are measured in turn, in one run, on the same images; of each the best round counts. The
network alone, then from files to features, with a check that the features agree; then the second
encoder, memory, the start, and how the cost grows.

    python benchmarks/throughput.py
    python benchmarks/throughput.py --quick --output throughput.json
    python benchmarks/throughput.py --device cuda --batches 32 128 256

The figures go to benchmarks/results/throughput.json; benchmarks/update_docs.py makes tables and a image
of them. Other programs should rest meanwhile. What is not installed is left out with --skip
onnx openvino compile, and so are parts of the result: --skip memory start.
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
from provenance import RESULTS, provenance, write_result
from speed_limits import arithmetic, matrix_product_rates
from speed_measures import (
    disagreements,
    measure_encoders,
    measure_files,
    measure_forward,
    measure_growth,
)
from speed_processes import memory, start
from speed_variants import OURS, our_forward, peers_forward

from reid_align import Encoder, create_model, save_pretrained
from reid_align.images import find_images
from reid_align.inference.parallelism import Parallelism
from reid_align.preprocess import Preprocess

EXAMPLES = Path(__file__).parent.parent / "examples"
CPU_ONLY = ("onnx", "openvino")
BEGAN = time.perf_counter()


def say(text: str) -> None:
    """Print what is being measured, with the time that has passed."""
    print(f"[{time.perf_counter() - BEGAN:5.0f} s] {text}", flush=True)


def build_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser("throughput.py", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 8, 16])
    parser.add_argument("--images", type=int, default=256, help="from files, of each variant")
    parser.add_argument("--many", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--skip", nargs="*", default=[], help="backends, or parts of the result")
    parser.add_argument("--quick", action="store_true", help="only shows that it runs")
    parser.add_argument("--output", type=Path, default=RESULTS / "throughput.json")
    return parser


def explicit(options: argparse.Namespace) -> argparse.Namespace:
    """Return the options with what --quick and --device mean for the others."""
    if options.quick:
        options.batches, options.images, options.many = [2], 4, [8, 16]
        options.rounds, options.seconds, options.height, options.width = 1, 0.01, 32, 16
    if options.device != "cpu":
        options.skip = [*options.skip, *CPU_ONLY]
    return options


def steps(encoder: Encoder, options: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """Return what is measured, in order; the encoder is the one that all variants run."""
    device, batches = torch.device(options.device), tuple(options.batches)
    ours = [way for way in OURS if way[0] not in options.skip]
    paths = list(islice(cycle(sorted(find_images([EXAMPLES]))), options.images))

    def forward() -> object:
        built = [our_forward(encoder, *way, device, batches) for way in ours]
        return measure_forward([*peers_forward(encoder, batches), *built], options)

    return {
        "giga_operations_per_second": partial(limits, device, options),
        "forward": forward,
        "from_files": partial(measure_files, encoder, paths, ours, options),
        "encoders": partial(measure_encoders, options),
        "growth": partial(measure_growth, encoder, paths, options),
        "memory": partial(memory, EXAMPLES, options.many, options.device),
        "start": partial(first_feature, encoder, Path(paths[0]), options.rounds),
    }


def limits(device: torch.device, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Return the fastest matrix products of this machine."""
    sizes = (64,) if options.quick else (1024, 2048) if device.type == "cpu" else (8192,)
    lanes = Parallelism.share(device, torch.get_num_threads())
    return matrix_product_rates(
        device, lanes, options.seconds, options.rounds, sizes, skip=options.skip
    )


def first_feature(encoder: Encoder, image: Path, rounds: int) -> dict[str, float]:
    """Return how long the command takes from its start to the features of one image."""
    with tempfile.TemporaryDirectory() as folder:
        saved = save_pretrained(deepcopy(encoder).cpu(), Path(folder) / "encoder")
        return start(image, saved / "model.safetensors", rounds)


def main() -> None:
    """Measure one thing after the other, and write after each what was found so far."""
    options = explicit(build_parser().parse_args())
    device = torch.device(options.device)
    # Else convolutions on a GPU are rounded to TF32, and no two ways agree as they do on a CPU.
    torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(0)
    encoder = create_model("san_resnet50")
    encoder.preprocess = Preprocess(options.height, options.width)
    record: dict[str, object] = {"benchmark": "throughput", **provenance()}
    record |= {"height": options.height, "width": options.width, "device": options.device}
    record["torch_threads"] = torch.get_num_threads()
    record["giga_operations_per_image"] = round(arithmetic(encoder) / 1e9, 3)
    for name, step in steps(encoder.to(device), options).items():
        if name not in options.skip:
            say(name)
            record[name] = step()
            write_result(options.output, record)
    say(f"written: {options.output}")
    rows = record.get("from_files", [])
    if isinstance(rows, list) and (found := disagreements(rows)):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
