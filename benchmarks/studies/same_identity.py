r"""Measure thresholds, clusters and re-ranked searches on a labeled dataset.

    python -m reid_align.extract data/cuhk03/images_detected -o feats.npy
    python -m benchmarks.studies.same_identity --data cuhk03_detected=data/cuhk03 \
        --features feats.npy

Uses the query and gallery images, and the shipped calibration, which is from synthetic people.
Without `--features`, the features are extracted. Measures error rates at the shipped threshold and
at one chosen on the dataset, thresholds from draws of labeled pairs and from pairs that the demo
page proposes, clusters, and rank-1 with query expansion and re-ranking. A minute with features.

Writes benchmarks/results/same_identity.json.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from benchmarks.command_line import benchmark_parser, named_folder
from benchmarks.docs_tables.identity_tables import identity_tables
from benchmarks.result_files import RESULTS, provenance, write_result
from benchmarks.studies.identity_measures import (
    compare_clusters,
    draw_thresholds,
    near_pairs,
    search_rank1,
    threshold_measures,
)
from reid_align.calibration import find_calibration, pairs_of_images
from reid_align.checks import at_least_one
from reid_align.cli import OK, run
from reid_align.cli.encoder_choice import select_encoder
from reid_align.datasets import ImageRecord, ReidDataset, load_dataset
from reid_align.errors import NoCalibrationError, UnmatchedFeaturesError
from reid_align.evaluation import dataset_features
from reid_align.evaluation.feature_paths import real_paths
from reid_align.features import ExtractOptions, Features, read_description, read_features
from reid_align.files import check_writable
from reid_align.metrics import Labels

RATE, CLUSTER_RATE, DRAW_RATE = 0.01, 0.001, 0.05
GRID = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45)
EXPAND, RERANK = 3, 50


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("python -m benchmarks.studies.same_identity", __doc__)
    text = "dataset with query and gallery images"
    parser.add_argument(
        "--data", required=True, type=named_folder, metavar="NAME=FOLDER", help=text
    )
    parser.add_argument("--features", help="features of its images, a .npy file of extract")
    parser.add_argument("--model", help="model name, arch or arch.tag")
    parser.add_argument("--weights", help="weights file (default: the published weights)")
    parser.add_argument("--calibration", help="calibration file (default: the shipped one)")
    parser.add_argument("--pairs", type=int, default=200, help="labeled pairs of a draw")
    parser.add_argument("--draws", type=int, default=10, help="number of draws")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draws")
    parser.add_argument(
        "-o", "--output", type=Path, default=RESULTS / "same_identity.json", help="result file"
    )
    return parser


def same_identity(args: argparse.Namespace) -> int:
    """Measure, write and print, and return the exit code."""
    check_writable(args.output)
    at_least_one("draws", args.draws)
    at_least_one("pairs // 2", args.pairs // 2)
    dataset = load_dataset(*args.data)
    features, encoder = _features(args, dataset)
    calibration = find_calibration(args.calibration, features.digest)
    if calibration is None:
        raise NoCalibrationError("No calibration ships for these features.")
    split = dataset.splits[0]
    rows = {path: row for row, path in enumerate(real_paths(features.paths))}
    query, gallery = (_select(side, features, rows) for side in (split.query, split.gallery))
    values, records = np.concatenate([query[0], gallery[0]]), (*split.query, *split.gallery)
    labels, paths = _labels(records), [record.path for record in records]
    pairs = pairs_of_images(values, labels, seed=args.seed)
    shipped, point = calibration.point_at(RATE), calibration.point_at(CLUSTER_RATE)
    record: dict[str, object] = {
        "benchmark": "same_identity",
        "dataset": dataset.name,
        "encoder": encoder,
        "digest": features.digest,
        "images": len(values),
        "identities": len(np.unique(labels.person_ids)),
        "queries": len(query[0]),
        "rate": RATE,
        "calibration": {
            "place": calibration.place,
            "threshold": shipped.threshold,
            "true_match_rate": shipped.true_match_rate,
            "equal_error_rate": calibration.equal_error_rate,
            "equal_error_threshold": calibration.equal_error_threshold,
        },
        "pairs": threshold_measures(pairs, RATE, shipped.threshold),
        "draws": draw_thresholds(pairs, DRAW_RATE, args.pairs // 2, args.draws, args.seed),
        "near_pairs": near_pairs(values, labels, paths, DRAW_RATE, args.pairs, args.seed),
        "clusters": compare_clusters(values, labels, point.threshold, GRID),
        "search": {
            "expand": EXPAND,
            "candidates": RERANK,
            "rank1": search_rank1(query, gallery, EXPAND, RERANK),
        },
        **provenance(),
    }
    write_result(args.output, record)
    print(identity_tables(record))
    return OK


def _features(args: argparse.Namespace, dataset: ReidDataset) -> tuple[Features, str]:
    if args.features:
        weights = cast(Mapping[str, str], read_description(args.features)["weights"])
        return read_features(args.features), weights["name"]
    encoder = select_encoder(args.model, args.weights)
    features = dataset_features(dataset, encoder, ExtractOptions(), progress=True)
    return features, encoder.origin.name


def _select(
    records: Sequence[ImageRecord], features: Features, rows: dict[str, int]
) -> tuple[NDArray[np.float32], Labels]:
    found = [rows.get(path, -1) for path in real_paths(record.path for record in records)]
    if -1 in found:
        raise UnmatchedFeaturesError(f"{records[found.index(-1)].path} has no features.")
    return features.values[found], _labels(records)


def _labels(records: Sequence[ImageRecord]) -> Labels:
    people = np.array([record.person_id for record in records], np.int64)
    cameras = np.array([record.camera_id or 0 for record in records], np.int64)
    return Labels(people, cameras)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return the exit code."""
    return run(build_parser(), same_identity, argv)


if __name__ == "__main__":
    sys.exit(main())
