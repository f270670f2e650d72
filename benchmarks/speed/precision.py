r"""Accuracy and speed of number formats: float32 and bfloat16.

    python -m benchmarks.speed.precision --data synthetic=data/synth
    python -m benchmarks.speed.precision --data synthetic=data/synth \
        --data cuhk03_detected=data/cuhk03

Extracts each dataset with the published weights in each format and reports rank-1 and mAP (cosine
distance) and the difference from float32 features. Speed is that of the network only at 256×128,
best round, all formats in turn. Without --data, only the speed is measured (a few minutes); a
dataset takes up to an hour on two cores. int8 is measured by `exported_precision`.

A run writes one row per encoder to benchmarks/results/precision.json and replaces the previous one.
"""

import argparse
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.command_line import add_data_option, benchmark_parser
from benchmarks.result_files import RESULTS, add_row, provenance
from benchmarks.speed.forward_variants import backend_variant
from benchmarks.speed.throughput_measures import distance, forward_rate
from benchmarks.speed.timing import best_of
from reid_align import Encoder, create_model
from reid_align.datasets import load_dataset
from reid_align.evaluation import EvaluationOptions, dataset_features, evaluate
from reid_align.features import ExtractOptions
from reid_align.inference.backends import BackendName
from reid_align.inference.device import DtypeName
from reid_align.preprocess import Preprocess

Format = tuple[str, DtypeName]
# The first one is the reference.
FORMATS: tuple[Format, ...] = (
    ("torch", "float32"), ("torch", "bfloat16"), ("openvino", "bfloat16"),
)  # fmt: skip
BATCH = 8


def label(backend: str, dtype: str) -> str:
    """Return the display name of a backend and format."""
    return f"{backend} {dtype}"


def rates(
    encoder: Encoder, formats: Sequence[Format], options: argparse.Namespace
) -> dict[str, float]:
    """Return images per second of each format, network only."""
    larger, device = deepcopy(encoder), torch.device("cpu")
    larger.preprocess = Preprocess(options.height, options.width)
    works: dict[str, Callable[[], float]] = {}
    for backend, dtype in formats:
        name = cast(BackendName, backend)
        variant = backend_variant(larger, name, dtype, device, (BATCH,))
        works[label(backend, dtype)] = partial(forward_rate, variant, BATCH, options)
    return {name: round(rate, 1) for name, rate in best_of(options.rounds, works).items()}


def scores(
    encoder: Encoder, formats: Sequence[Format], name: str, folder: str
) -> dict[str, dict[str, float]]:
    """Return accuracy in percent and feature error of each format on a dataset."""
    dataset, found = load_dataset(name, folder), {}
    expected: NDArray[np.float32] | None = None
    for backend, dtype in formats:
        options_of_format = ExtractOptions(
            "cpu", dtype, normalize=False, backend=cast(BackendName, backend)
        )
        features = dataset_features(dataset, encoder, options_of_format, progress=True)
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
    """Parse the arguments, measure each encoder, and write its row."""
    parser = benchmark_parser("python -m benchmarks.speed.precision", __doc__)
    parser.add_argument(
        "--models",
        nargs="+",
        default=["san_resnet50", "dsa_reid"],
        help="encoders with published weights",
    )
    add_data_option(parser, "dataset to score; repeatable")
    parser.add_argument("--height", type=int, default=256, help="image height in pixels")
    parser.add_argument("--width", type=int, default=128, help="image width in pixels")
    parser.add_argument(
        "--rounds", type=int, default=3, help="number of rounds; the best one counts"
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="duration of each measurement")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "precision.json", help="result file"
    )
    options = parser.parse_args()
    options.device = "cpu"
    for name in options.models:
        encoder = create_model(name, pretrained=True)
        row = {"label": name, **provenance(), "batch": BATCH}
        row |= {"height": options.height, "width": options.width}
        row["images_per_second"] = rates(encoder, FORMATS, options)
        row["scores"] = {data.name: scores(encoder, FORMATS, *data) for data in options.data}
        add_row(options.output, "precision", row)


if __name__ == "__main__":
    main()
