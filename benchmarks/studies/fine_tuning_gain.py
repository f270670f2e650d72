r"""Measure what fine-tuning on few labeled identities gains on others.

    python -m benchmarks.studies.fine_tuning_gain --data cuhk03_detected=data/cuhk03
    python -m benchmarks.studies.fine_tuning_gain --data cuhk03_detected=data/cuhk03 \
        --set task.encoder.frozen_norms=true

Holds out training identities of a dataset, trains the recipe finetune on some of the others, and
scores the held-out identities before and after. Nothing is chosen by these scores: the length of
the training is fixed, and the last weights count. "adapted" are the initial weights with batch
norms re-estimated on the held-out images without labels, as by --adapt. Test identities are not
used. 3 minutes on one core.

Adds a row to benchmarks/results/fine_tuning.json; a row replaces one with the same label.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.command_line import add_data_option, benchmark_parser
from benchmarks.docs_tables.training_tables import fine_tuning as fine_tuning_table
from benchmarks.result_files import RESULTS, add_row, provenance
from reid_align.cli import OK, run
from reid_align.datasets import ReidDataset
from reid_align.errors import InvalidInputError
from reid_align.evaluation import adapt_to_dataset, dataset_features
from reid_align.features import Adaptation, ExtractOptions
from reid_align.models import from_pretrained
from reid_align.recipes import (
    RECIPES,
    ComputeOptions,
    fit_to_weights,
    load_recipe_data,
    override_settings,
    prepare,
    run_recipe,
)
from reid_align.recipes.training_scores import score_features

EPOCHS = 8


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("python -m benchmarks.studies.fine_tuning_gain", __doc__)
    add_data_option(parser, "dataset with training images; repeatable, one row for each")
    parser.add_argument(
        "--from", dest="weights", default="san_resnet50.synthetic", metavar="WEIGHTS"
    )
    parser.add_argument("--identities", type=int, default=100, help="identities to train on")
    parser.add_argument("--hold-out", type=int, default=100, help="identities to score")
    parser.add_argument("--steps", type=int, default=48, help="steps of the training")
    parser.add_argument("--batch", type=int, default=8, help="identities in a batch, 4 images each")
    parser.add_argument("--seed", type=int, default=0, help="seed of all draws")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="PATH=VALUE")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / "fine_tuning.json")
    return parser


def first_identities(dataset: ReidDataset, count: int, seed: int) -> ReidDataset:
    """Return the dataset with the training images of ``count`` random identities.

    Raises:
        InvalidInputError: it has fewer.
    """
    people = sorted({record.person_id for record in dataset.train})
    if not 2 <= count <= len(people):
        raise InvalidInputError(f"--identities {count}: give 2 to {len(people)}.")
    chosen = set(np.random.default_rng(seed).permutation(people)[:count].tolist())
    return replace(dataset, train=tuple(r for r in dataset.train if r.person_id in chosen))


def measure(name: str, folder: str, args: argparse.Namespace) -> dict[str, object]:
    """Train and score, and return one row."""
    data = load_recipe_data(f"{name}={folder}", held_out=args.hold_out, seed=args.seed)
    if data.reid is None or data.evaluation is None:
        raise InvalidInputError(f"{name} has no training images.")
    data = replace(data, reid=first_identities(data.reid, args.identities, args.seed))
    steps = max(1, args.steps // EPOCHS)
    settings = [
        f"training.epochs={EPOCHS}",
        f"training.steps_per_epoch={steps}",
        f"training.evaluate_every={EPOCHS}",
        f"training.seed={args.seed}",
        "training.optimizers.main.schedule.warmup_epochs=1",
        f"streams.reid.sampler.num_identities={args.batch}",
        *args.settings,
    ]
    recipe = override_settings(fit_to_weights(RECIPES["finetune"], args.weights), settings)
    ready = prepare(recipe, data, args.weights)
    start = time.process_time()
    with tempfile.TemporaryDirectory() as runs:
        compute = ComputeOptions("cpu", 0, progress=True)
        summary = run_recipe(ready, data, Path(runs) / "run", compute)
    seconds = time.process_time() - start
    if data.reid is None or data.evaluation is None or not summary.start or not summary.latest:
        raise InvalidInputError("Nothing was scored.")
    split = data.evaluation.splits[0]
    changed = ", ".join(args.settings)
    return {
        "label": f"{name}, {args.identities} identities" + f", {changed}" * bool(changed),
        "dataset": name,
        "weights": args.weights,
        "settings": args.settings,
        "identities": args.identities,
        "images": len(data.reid.train),
        "held_out": args.hold_out,
        "queries": len(split.query),
        "gallery": len(split.gallery),
        "steps": summary.steps,
        "batch": 4 * args.batch,
        "cpu_seconds": round(seconds),
        "before": _percent(summary.start.scores),
        "adapted": _percent(adapted_scores(args.weights, data.evaluation)),
        "after": _percent(summary.latest.scores),
        **provenance(),
    }


def adapted_scores(weights: str, dataset: ReidDataset) -> dict[str, float]:
    """Return the scores of the initial weights after AdaBN on the query and gallery images."""
    options = ExtractOptions("cpu", normalize=False)
    encoder = adapt_to_dataset(dataset, from_pretrained(weights), Adaptation(), options)
    return score_features(dataset, dataset_features(dataset, encoder, options))


def _percent(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(100 * value, 2) for name, value in scores.items()}


def fine_tuning(args: argparse.Namespace) -> int:
    """Measure every dataset, write and print, and return the exit code."""
    if not args.data:
        raise InvalidInputError("Give at least one --data NAME=FOLDER.")
    for name, folder in args.data:
        row = measure(name, folder, args)
        add_row(args.output, "fine_tuning", row)
        print(fine_tuning_table({"rows": [row]}))
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), fine_tuning, argv)


if __name__ == "__main__":
    sys.exit(main())
