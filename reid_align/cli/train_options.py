"""Options of ``train`` and advice about them in error messages."""

import argparse
from collections.abc import Iterable, Mapping

from reid_align.cli.advice import Advice
from reid_align.errors import (
    DatasetOptionError,
    EvaluationChangedError,
    WeightsFormatError,
    WeightsNotFoundError,
)

# Advice for the Python arguments that `RecipeInputError` names.
ADVICE: Mapping[str, str] = {
    "reid": "--data NAME=FOLDER, as in --data cuhk03_detected=FOLDER or --data synthetic=FOLDER",
    "synthetic": "--synthetic FOLDER (python -m reid_align.synthesize writes one)",
    "textures": "--textures FOLDER",
    "iuv": "--iuv FOLDER (python -m reid_align.unwrap IMAGES --to iuv -o FOLDER writes one)",
    "external": "--external FOLDER",
    "evaluation": "--evaluate NAME=FOLDER",
    "evaluation_options": "--evaluate-option OPTION=VALUE",
    "held_out": "--hold-out N",
    "run": "--from WEIGHTS",
    "initial": "--initial WEIGHTS",
}

TRAIN_ADVICE: Advice = {
    DatasetOptionError: "Give options of a dataset with --data-option or --evaluate-option.",
    EvaluationChangedError: "Use --new-evaluation to continue with the new data and discard the "
    "best scores.",
    WeightsFormatError: "Choose initial weights with --initial or --from; change a setting with "
    "--set PATH=VALUE.",
    WeightsNotFoundError: "Choose initial weights with --initial or --from.",
}


def advise(arguments: Iterable[str]) -> str:
    """Return the options that set Python arguments, as a sentence."""
    return f"Options: {'; '.join(ADVICE[name] for name in arguments)}."


def add_data_options(group: argparse._ArgumentGroup) -> None:
    """Add the options for the training and evaluation data."""
    group.add_argument(
        "--data",
        action="append",
        metavar="NAME=FOLDER",
        help="training dataset, such as csv=mine.csv or folder=crops; repeat it to train on "
        "several, with distinct identities",
    )
    group.add_argument(
        "--data-option",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="option of the training datasets that have it, or N:OPTION=VALUE for the N-th --data; "
        "repeatable",
    )
    group.add_argument(
        "--synthetic",
        metavar="FOLDER",
        help="synthetic set from synthesize, or a CSV file of pairs; default: the folder of "
        "--data synthetic=FOLDER",
    )
    group.add_argument(
        "--textures",
        metavar="FOLDER",
        help="textures of the training images; default: drawn by SAN-PG",
    )
    group.add_argument(
        "--iuv", metavar="FOLDER", help="dense pose maps of the training images, from unwrap"
    )
    group.add_argument(
        "--external", metavar="FOLDER", help="other target images of the training images"
    )
    group.add_argument(
        "--evaluate", metavar="NAME=FOLDER", help="dataset for scores during the training"
    )
    group.add_argument(
        "--evaluate-option",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="option of the evaluation dataset; repeatable",
    )
    group.add_argument(
        "--evaluate-iuv",
        metavar="FOLDER",
        help="dense pose maps of the evaluation images; adds scores of DSA-reID's fused features",
    )
    group.add_argument(
        "--new-evaluation",
        action="store_true",
        help="continue a run with another evaluation dataset, and discard its best scores",
    )
    group.add_argument(
        "--hold-out",
        type=int,
        default=0,
        metavar="N",
        help="evaluate on N training identities, and exclude them from the training",
    )


def add_recipe_options(group: argparse._ArgumentGroup) -> None:
    """Add the options that change a recipe."""
    group.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="PATH=VALUE",
        help="change a setting listed by --show, in the last stage or in the stage that the path "
        "starts with; repeatable",
    )
    group.add_argument(
        "--from",
        dest="run",
        metavar="RUN",
        help="trained weights: earlier run or its best folder, folder from save_pretrained, "
        ".safetensors file, name of published weights or hf-hub:user/repo; replaces all stages but "
        "the last",
    )
    group.add_argument(
        "--initial",
        metavar="WEIGHTS",
        help="initial weights of the first stage: imagenet, random, or as for --from; default: "
        "those of the recipe",
    )
    group.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="seed of everything random, including the identities of --hold-out, which "
        "--set training.seed does not change; default: 0",
    )
    group.add_argument(
        "--tiny",
        action="store_true",
        help="smoke test of the recipe: a small network, small images and a few steps",
    )
