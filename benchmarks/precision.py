r"""What number formats cost: features, people found, and the images a second that they give.

    python benchmarks/precision.py --data synthetic=data/synth
    python benchmarks/precision.py --data synthetic=data/synth --data cuhk03_detected=data/cuhk03

The shipped weights extract a dataset in each format: rank-1 and mAP by cosine distances, and how
far features are from those of float32. The rates are of the network alone, on images of
256×128, all in turn; of each the best round counts. int8 is computed by ONNX Runtime and OpenVINO,
see `speed_int8`, and needs their extras. Without ``--data`` only rates are measured.

Every run adds a row for each encoder to the table in benchmarks/results/precision.json, in the
place of the one before.
"""

import argparse
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from data_option import add_data_option
from numpy.typing import NDArray
from provenance import RESULTS, add_row, provenance
from speed_int8 import register_int8
from speed_measures import distance, forward_rate
from speed_timing import best_of
from speed_variants import our_forward

from reid_align import Encoder, create_model
from reid_align.datasets import load_dataset
from reid_align.evaluation import EvaluationOptions, dataset_features, evaluate
from reid_align.features import ExtractOptions
from reid_align.inference.backends import BackendName
from reid_align.inference.prepared_encoder import DtypeName
from reid_align.preprocess import Preprocess

Way = tuple[str, DtypeName]
# The first one is what the others are compared with.
WAYS: tuple[Way, ...] = (
    ("torch", "float32"), ("torch", "bfloat16"), ("openvino", "bfloat16"),
    ("onnx_int8", "float32"), ("openvino_int8", "float32"),
)  # fmt: skip
BATCH = 8


def label(backend: str, dtype: str) -> str:
    """Return what a way is called."""
    return backend.replace("_", " ") if "int8" in backend else f"{backend} {dtype}"


def rates(encoder: Encoder, ways: Sequence[Way], options: argparse.Namespace) -> dict[str, float]:
    """Return the images a second of each way, the network alone."""
    larger, device = deepcopy(encoder), torch.device("cpu")
    larger.preprocess = Preprocess(options.height, options.width)
    works: dict[str, Callable[[], float]] = {}
    for backend, dtype in ways:
        name = cast(BackendName, backend)
        variant = our_forward(larger, name, dtype, device, (BATCH,))
        works[label(backend, dtype)] = partial(forward_rate, variant, BATCH, options)
    return {name: round(rate, 1) for name, rate in best_of(options.rounds, works).items()}


def scores(
    encoder: Encoder, ways: Sequence[Way], name: str, folder: str
) -> dict[str, dict[str, float]]:
    """Return of each way whom it finds in a dataset, in percent, and how far its features are."""
    dataset, found = load_dataset(name, folder), {}
    expected: NDArray[np.float32] | None = None
    for backend, dtype in ways:
        way = ExtractOptions("cpu", dtype, normalize=False, backend=cast(BackendName, backend))
        features = dataset_features(dataset, encoder, way, progress=True)
        (score,) = evaluate(dataset, features, EvaluationOptions(("cosine",))).scores
        expected = features.values if expected is None else expected
        found[label(backend, dtype)] = {
            "rank1": round(100 * score.rank(1), 2),
            "mAP": round(100 * (score.mean_average_precision or 0), 2),
            **distance(features.values, expected),
        }
        print(f"  {label(backend, dtype)}: {found[label(backend, dtype)]}", flush=True)
    return found


def main() -> None:
    """Parse the arguments, measure one encoder after the other, and write what was found."""
    parser = argparse.ArgumentParser("precision.py", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--models", nargs="+", default=["san_resnet50", "dsa_reid"])
    add_data_option(parser, "a dataset to score on")
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--output", type=Path, default=RESULTS / "precision.json")
    options = parser.parse_args()
    options.device = "cpu"
    register_int8()
    for name in options.models:
        encoder = create_model(name, pretrained=True)
        row = {"label": name, **provenance(), "batch": BATCH}
        row |= {"height": options.height, "width": options.width}
        row["images_per_second"] = rates(encoder, WAYS, options)
        row["scores"] = {data.name: scores(encoder, WAYS, *data) for data in options.data}
        add_row(options.output, "precision", row)


if __name__ == "__main__":
    main()
