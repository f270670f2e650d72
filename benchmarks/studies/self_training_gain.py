r"""Measure what self-training on images without labels gains on other identities.

    python -m benchmarks.studies.self_training_gain --data cuhk03_detected=data/cuhk03 -o RUN

Adapts an encoder to the training images of a dataset and their cameras; their identities are not
used. Scores the test images before and after, as they are and normalized by camera. The number of
rounds is fixed, and the last weights count. Half an hour on two cores; the same command continues.

Adds a row to benchmarks/results/self_training.json; a row replaces one with the same label. The
weights are in RUN. Do not publish them: they were trained on images of real people.
"""

import argparse
import csv
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.command_line import add_data_option, benchmark_parser
from benchmarks.docs_tables.training_tables import self_training as self_training_table
from benchmarks.result_files import RESULTS, add_row, provenance
from reid_align.cli import OK, run
from reid_align.clustering import score_clusters
from reid_align.datasets import ImageRecord, ReidDataset, load_dataset
from reid_align.errors import InvalidInputError
from reid_align.evaluation import EvaluationOptions, dataset_features, evaluate
from reid_align.features import ExtractOptions
from reid_align.models.model_factory import DEFAULT_MODEL
from reid_align.models.pretrained import load_encoder
from reid_align.recipes import ComputeOptions, default_loader_workers
from reid_align.self_training import RoundSummary, SelfTraining, UnlabeledImages, self_train
from reid_align.self_training.round_groups import IDENTITIES
from reid_align.weights import find_weights, shipped_weights


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("python -m benchmarks.studies.self_training_gain", __doc__)
    add_data_option(parser, "dataset with training and test images")
    parser.add_argument("--weights", metavar="WEIGHTS", help="default: those of extract")
    parser.add_argument("--label", metavar="NAME", help="name of the initial weights in the table")
    parser.add_argument("--rounds", type=int, default=SelfTraining.rounds)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="PATH=VALUE")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="RUN")
    parser.add_argument("--results", type=Path, default=RESULTS / "self_training.json")
    return parser


def scores(dataset: ReidDataset, weights: str) -> dict[str, list[float]]:
    """Return rank-1 and mAP in percent, "plain" and "normalized" by camera, by cosine distance."""
    options = ExtractOptions("cpu", normalize=False)
    features = dataset_features(dataset, load_encoder(weights), options, progress=True)
    chosen = EvaluationOptions(metrics=("cosine",), normalize_cameras=True)
    found = evaluate(dataset, features, chosen).scores
    return {
        name: [round(100 * score.cmc[0], 2), round(100 * (score.mean_average_precision or 0), 2)]
        for name, score in zip(("plain", "normalized"), found, strict=True)
    }


def pair_scores(records: Sequence[ImageRecord], folder: Path) -> dict[str, float]:
    """Return precision and recall, in percent, of the image pairs in the groups of a round."""
    person = {os.path.abspath(record.path): record.person_id for record in records}
    with (folder / IDENTITIES).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = score_clusters(
        np.array([int(row["person_id"]) for row in rows], np.int64),
        np.array([person[row["path"]] for row in rows], np.int64),
    )
    return {"precision": round(100 * found.precision, 1), "recall": round(100 * found.recall, 1)}


def measure(name: str, folder: str, args: argparse.Namespace) -> dict[str, object]:
    """Train and score, and return one row."""
    dataset = load_dataset(name, folder)
    records = [record for record in dataset.train if record.person_id >= 0]
    if not records or not dataset.splits:
        raise InvalidInputError(f"{name} has no training or no test images.")
    images = UnlabeledImages(
        tuple(record.path for record in records), tuple(str(record.camera_id) for record in records)
    )
    weights = args.weights or find_weights(shipped_weights(), DEFAULT_MODEL).name
    settings = SelfTraining(rounds=args.rounds, seed=args.seed, changes=tuple(args.settings))
    rounds: list[RoundSummary] = []
    compute = ComputeOptions("cpu", default_loader_workers(), progress=True)
    before = scores(dataset, weights)
    adapted = self_train(images, weights, args.output, settings, compute, rounds.append)
    split = dataset.splits[0]
    return {
        "label": f"{name}, {args.label or weights}" + "".join(f", {s}" for s in args.settings),
        "dataset": name,
        "weights": args.label or weights,
        "settings": asdict(settings),
        "images": len(records),
        "queries": len(split.query),
        "gallery": len(split.gallery),
        "rounds": [
            {**asdict(found), **pair_scores(records, args.output / f"round{found.number}")}
            for found in rounds
        ],
        "before": before,
        "after": scores(dataset, str(adapted)),
        **provenance(),
    }


def self_training(args: argparse.Namespace) -> int:
    """Measure, write and print, and return the exit code."""
    if len(args.data) != 1:
        raise InvalidInputError("Give one --data NAME=FOLDER.")
    name, folder = args.data[0]
    row = measure(name, folder, args)
    add_row(args.results, "self_training", row)
    print(self_training_table({"rows": [row]}))
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), self_training, argv)


if __name__ == "__main__":
    sys.exit(main())
