r"""Size and accuracy of weights stored as int8.

    python -m benchmarks.speed.storage runs/san/encoder.safetensors --label san_resnet50.synth
    python -m benchmarks.speed.storage runs/san/encoder.safetensors --label san_resnet50.synth \
        --images crops --data synthetic=data/synth --data cuhk03_detected=data/cuhk03

Compares features from the original weights with those from the int8 file: cosine similarity per
image, and rank-1 and mAP on each dataset. Seconds without --data.

A run writes one row to benchmarks/results/storage.json and replaces a row with the same label.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.command_line import add_data_option, benchmark_parser
from benchmarks.result_files import RESULTS, add_row, provenance
from reid_align import Encoder, extract_features, from_pretrained
from reid_align.datasets import load_dataset
from reid_align.evaluation import EvaluationOptions, dataset_features, evaluate
from reid_align.features import ExtractOptions
from reid_align.weights import WeightsHeader, save_int8

EXAMPLES = Path(__file__).parents[2] / "examples"


class Pair(NamedTuple):
    """An encoder, its copy loaded from an int8 file, and the size of that file in bytes."""

    full: Encoder
    int8: Encoder
    bytes: int


def store(weights: Path) -> Pair:
    """Store an encoder as int8 and load it again."""
    full = from_pretrained(weights)
    info = WeightsHeader(full.architecture, dict(full.arch_args), full.preprocess, None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.safetensors"
        save_int8(full, path, info)
        return Pair(full, from_pretrained(path), path.stat().st_size)


def cosines(pair: Pair, images: Path, device: str) -> dict[str, float | int]:
    """Return the smallest and the mean cosine between original and int8 features."""
    full, int8 = (
        extract_features(images, encoder, device=device).values
        for encoder in (pair.full, pair.int8)
    )
    found = (full.astype(np.float64) * int8).sum(1)
    return {
        "images": len(found),
        "cosine_min": round(float(found.min()), 6),
        "cosine_mean": round(float(found.mean()), 6),
    }


def scores(pair: Pair, name: str, folder: str, device: str) -> dict[str, dict[str, float]]:
    """Return rank-1 and mAP of both on a dataset, in percent, and the change."""
    dataset, found = load_dataset(name, folder), {}
    for kind, encoder in (("full", pair.full), ("int8", pair.int8)):
        features = dataset_features(dataset, encoder, ExtractOptions(device), progress=True)
        (score,) = evaluate(dataset, features, EvaluationOptions(("cosine",))).scores
        found[kind] = {
            "rank1": 100 * score.rank(1),
            "mAP": 100 * (score.mean_average_precision or 0),
        }
    found["change"] = {key: found["int8"][key] - value for key, value in found["full"].items()}
    return {
        kind: {key: round(value, 2) for key, value in figures.items()}
        for kind, figures in found.items()
    }


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Return one table row."""
    pair = store(options.weights)
    return {
        "label": options.label,
        "architecture": pair.full.architecture,
        "arch_args": dict(pair.full.arch_args),
        "sha256": pair.full.origin.sha256,
        "bytes": {"full": options.weights.stat().st_size, "int8": pair.bytes},
        "mebibytes_int8": round(pair.bytes / 2**20, 2),
        **cosines(pair, options.images, options.device),
        "scores": {
            name: scores(pair, name, folder, options.device) for name, folder in options.data
        },
        **provenance(),
    }


def main() -> None:
    """Parse the arguments, measure, and write the row."""
    parser = benchmark_parser("python -m benchmarks.speed.storage", __doc__)
    parser.add_argument(
        "weights", type=Path, help="weights file, such as encoder.safetensors of a run"
    )
    parser.add_argument("--label", required=True, help="name of the weights")
    parser.add_argument(
        "--images", type=Path, default=EXAMPLES, help="folder of crops to compare features on"
    )
    add_data_option(parser, "dataset to score; repeatable")
    parser.add_argument("--device", default="auto", help="torch device")
    parser.add_argument("--output", type=Path, default=RESULTS / "storage.json", help="result file")
    options = parser.parse_args()
    row = measure(options)
    print(json.dumps(row, indent=2))
    add_row(options.output, "storage", row)


if __name__ == "__main__":
    main()
