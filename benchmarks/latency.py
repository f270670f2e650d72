"""How soon the features of one image are there, as a camera asks for them, call by call.

The peers' way, `extract_features`, which makes the encoder ready at every call, and a
`FeatureExtractor`, which has done so before, take turns on the same files.

    python benchmarks/latency.py
    python benchmarks/latency.py --device cuda

The figures go to benchmarks/results/latency.json; benchmarks/update_docs.py makes a table of them.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from provenance import RESULTS, provenance, write_result
from speed_measures import TOLERANCE, distance
from speed_variants import peers_extract

from reid_align import Encoder, ExtractOptions, FeatureExtractor, create_model, extract_features
from reid_align.images import find_images
from reid_align.preprocess import Preprocess

EXAMPLES = Path(__file__).parent.parent / "examples"
PEERS = "torchreid"
Way = Callable[[str], NDArray[np.float32]]


def ways(encoder: Encoder, device: str) -> dict[str, Way]:
    """Return what turns one file into its features (1, D)."""
    plain = ExtractOptions(device, normalize=False)
    soonest = ExtractOptions(device, normalize=False, num_workers=1)
    made = {
        "FeatureExtractor": FeatureExtractor(encoder, plain),
        "FeatureExtractor, num_workers=1": FeatureExtractor(encoder, soonest),
    }
    return {
        PEERS: lambda path: peers_extract([path], encoder, 1, torch.device(device)),
        "extract_features": lambda path: (
            extract_features(path, encoder, device=device, normalize=False).values
        ),
        **{name: partial(_values, extractor) for name, extractor in made.items()},
    }


def _values(extractor: FeatureExtractor, path: str) -> NDArray[np.float32]:
    return extractor(path).values


def measure(found: dict[str, Way], paths: list[str], rounds: int) -> list[dict[str, object]]:
    """Return the median time of a call in ms, and how far features are from the peers'."""
    times: dict[str, list[float]] = {name: [] for name in found}
    features: dict[str, NDArray[np.float32]] = {}
    # The first round only warms up.
    for number in range(1 + rounds):
        for name, way in found.items():
            began = time.perf_counter()
            features[name] = np.concatenate([way(path) for path in paths])
            if number:
                times[name].append((time.perf_counter() - began) / len(paths))
    return [
        {
            "name": name,
            "ms": round(1000 * statistics.median(times[name]), 1),
            **distance(features[name], features[PEERS]),
        }
        for name in found
    ]


def main() -> None:
    """Parse the arguments, measure, and write the result."""
    parser = argparse.ArgumentParser("latency.py", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--output", type=Path, default=RESULTS / "latency.json")
    options = parser.parse_args()
    torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(0)
    encoder = create_model("san_resnet50").to(options.device)
    encoder.preprocess = Preprocess(options.height, options.width)
    paths = sorted(find_images([EXAMPLES]))[: options.images]
    rows = measure(ways(encoder, options.device), paths, options.rounds)
    record = {"benchmark": "latency", **provenance(), "device": options.device, "rows": rows}
    record |= {"height": options.height, "width": options.width}
    write_result(options.output, record)
    if far := [row["name"] for row in rows if row["max_relative_error"] > TOLERANCE["float32"]]:
        sys.exit(f"The features of {', '.join(map(str, far))} are not the peers'.")


if __name__ == "__main__":
    main()
