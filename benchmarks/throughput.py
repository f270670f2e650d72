"""How fast pictures become features: the peers' way, ours, and what the machine can do at most.

All are measured in turn, in one run, on the same pictures; of each the best round counts. The
network alone, then from files to features, with a check that the features agree; then the second
encoder, memory, the start, and how the cost grows.

    python benchmarks/throughput.py
    python benchmarks/throughput.py --quick --output throughput.json
    python benchmarks/throughput.py --device cuda --batches 32 128 256

The figures go to benchmarks/results/throughput.json; benchmarks/docs.py makes tables and a picture
of them. Other programs should rest meanwhile. Without the packages of an option, or on a GPU,
leave it out: --skip onnx openvino compile.
"""

import argparse
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import torch
from provenance import RESULTS, provenance, write_result
from speed_limits import arithmetic, matrix_product_rates
from speed_measures import measure_encoders, measure_files, measure_forward, measure_growth
from speed_processes import memory, start
from speed_variants import OURS, our_forward, peers_forward

from reid_align import create_model, save_pretrained
from reid_align.features.lanes import Lanes
from reid_align.images import find_images
from reid_align.preprocess import Preprocess

EXAMPLES = Path(__file__).parent.parent / "examples"
CPU_ONLY = ("onnx", "openvino")
BEGAN = time.perf_counter()


def say(text: str) -> None:
    """Print what is being measured, with the time that has passed."""
    print(f"[{time.perf_counter() - BEGAN:5.0f} s] {text}", flush=True)


def parse() -> argparse.Namespace:
    """Return the options, --quick made explicit."""
    parser = argparse.ArgumentParser("throughput.py", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 8, 16])
    parser.add_argument("--images", type=int, default=128, help="from files, of each variant")
    parser.add_argument("--many", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--skip", nargs="*", default=[], help="backends, or: limits memory start")
    parser.add_argument("--quick", action="store_true", help="only shows that it runs")
    parser.add_argument("--output", type=Path, default=RESULTS / "throughput.json")
    options = parser.parse_args()
    if options.quick:
        options.batches, options.images, options.many = [2], 4, [8, 16]
        options.rounds, options.seconds, options.height, options.width = 1, 0.01, 32, 16
    return options


def main() -> None:
    """Measure one thing after the other and write what was found."""
    options = parse()
    device, torch.backends.cudnn.benchmark = torch.device(options.device), True
    torch.manual_seed(0)
    encoder = create_model("san_resnet50").to(device)
    size = {"height": options.height, "width": options.width}
    encoder.preprocess = Preprocess(**size)
    skip = {*options.skip, *(CPU_ONLY if device.type != "cpu" else ())}
    ours = [(backend, dtype) for backend, dtype in OURS if backend not in skip]
    record: dict[str, object] = {"benchmark": "throughput", **provenance(), **size}
    record |= {"device": options.device, "torch_threads": torch.get_num_threads()}
    record["giga_operations_per_image"] = round(arithmetic(encoder.cpu()) / 1e9, 3)
    encoder.to(device)
    if "limits" not in skip:
        say("matrix products")
        lanes = Lanes.share(device, torch.get_num_threads())
        sizes = (64,) if options.quick else (1024, 2048) if device.type == "cpu" else (8192,)
        rates = matrix_product_rates(device, lanes, options.seconds, options.rounds, sizes)
        record["giga_operations_per_second"] = rates
    say("building the variants")
    variants = peers_forward(encoder, tuple(options.batches))
    for backend, dtype in ours:
        say(f"  {backend} {dtype}")
        sizes = tuple(options.batches)
        variants.append(our_forward(encoder, backend, dtype, device, sizes))
    say("the network alone")
    record["forward"] = measure_forward(variants, options)
    say("from files")
    paths = list(islice(cycle(sorted(find_images([EXAMPLES]))), options.images))
    record["from_files"] = measure_files(encoder, paths, ours, options)
    say("SAN and DSA-reID")
    record["encoders"] = measure_encoders(options)
    say("growth")
    record["growth"] = measure_growth(encoder, paths, options)
    if "memory" not in skip:
        say("memory")
        record["memory"] = memory(EXAMPLES, options.many, options.device)
    if "start" not in skip:
        say("start")
        with tempfile.TemporaryDirectory() as folder:
            saved = save_pretrained(encoder.cpu(), Path(folder) / "encoder")
            record["start"] = start(Path(paths[0]), saved / "model.safetensors", options.rounds)
    write_result(options.output, record)
    say(f"written: {options.output}")


if __name__ == "__main__":
    main()
