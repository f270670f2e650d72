"""Time single-image calls: torchreid's way, `extract_features` and a reused `FeatureExtractor`.

    python -m benchmarks.speed.latency
    python -m benchmarks.speed.latency --device cuda

`extract_features` prepares the encoder in every call, `FeatureExtractor` only once. All run in turn
on the same files; the median counts. About one minute; writes benchmarks/results/latency.json.
"""

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, provenance, write_result
from benchmarks.speed.forward_variants import torchreid_extract
from benchmarks.speed.throughput_measures import TOLERANCE, distance
from reid_align import Encoder, ExtractOptions, FeatureExtractor, create_model, extract_features
from reid_align.images import find_images
from reid_align.preprocess import Preprocess

EXAMPLES = Path(__file__).parents[2] / "examples"
PEERS = "torchreid"
Interface = Callable[[str], NDArray[np.float32]]


def interfaces(encoder: Encoder, device: str) -> dict[str, Interface]:
    """Return functions from one file to its features (1, D)."""
    plain = ExtractOptions(device, normalize=False)
    soonest = ExtractOptions(device, normalize=False, num_workers=1)
    made = {
        "FeatureExtractor": FeatureExtractor(encoder, plain),
        "FeatureExtractor, num_workers=1": FeatureExtractor(encoder, soonest),
    }
    return {
        PEERS: lambda path: torchreid_extract([path], encoder, 1, torch.device(device)),
        "extract_features": lambda path: (
            extract_features(path, encoder, device=device, normalize=False).values
        ),
        **{name: partial(_values, extractor) for name, extractor in made.items()},
    }


def _values(extractor: FeatureExtractor, path: str) -> NDArray[np.float32]:
    return extractor(path).values


def measure(
    found: dict[str, Interface], paths: list[str], rounds: int
) -> list[dict[str, str | float]]:
    """Return the median time per call in ms, and the difference from torchreid's features."""
    times: dict[str, list[float]] = {name: [] for name in found}
    features: dict[str, NDArray[np.float32]] = {}
    # The first round is a warm-up.
    for number in range(1 + rounds):
        for name, call in found.items():
            began = time.perf_counter()
            features[name] = np.concatenate([call(path) for path in paths])
            if number:
                times[name].append((time.perf_counter() - began) / len(paths))
    rows = []
    for name in found:
        row: dict[str, str | float] = {"name": name}
        row["ms"] = round(1000 * statistics.median(times[name]), 1)
        row.update(distance(features[name], features[PEERS]))
        rows.append(row)
    return rows


def main() -> None:
    """Parse the arguments, measure, and write the result."""
    parser = benchmark_parser("python -m benchmarks.speed.latency", __doc__)
    parser.add_argument("--device", default="cpu", help="torch device")
    parser.add_argument("--images", type=int, default=16, help="number of images")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds; the median counts")
    parser.add_argument("--height", type=int, default=256, help="image height in pixels")
    parser.add_argument("--width", type=int, default=128, help="image width in pixels")
    parser.add_argument("--output", type=Path, default=RESULTS / "latency.json", help="result file")
    options = parser.parse_args()
    torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(0)
    encoder = create_model("san_resnet50").to(options.device)
    encoder.preprocess = Preprocess(options.height, options.width)
    paths = sorted(find_images([EXAMPLES]))[: options.images]
    rows = measure(interfaces(encoder, options.device), paths, options.rounds)
    record = {"benchmark": "latency", **provenance(), "device": options.device, "rows": rows}
    record |= {"height": options.height, "width": options.width}
    write_result(options.output, record)
    if far := [
        row["name"] for row in rows if float(row["max_relative_error"]) > TOLERANCE["float32"]
    ]:
        sys.exit(f"Features differ from torchreid's: {', '.join(map(str, far))}.")


if __name__ == "__main__":
    main()
