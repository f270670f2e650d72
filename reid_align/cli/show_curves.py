"""Subcommand ``show curves``: CMC and ROC curves from JSON results."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reid_align.cli.image_output import add_image_output, write_image
from reid_align.cli.new_outputs import add_force_option, check_new_outputs
from reid_align.errors import InvalidInputError

Cmc = dict[str, list[float]]
Roc = dict[str, list[tuple[float, float]]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this subcommand."""
    parser.add_argument(
        "results",
        nargs="+",
        metavar="FILE.json",
        help="written by evaluate -o (with --verification for the ROC) or by calibrate -o",
    )
    parser.add_argument(
        "--labels",
        nargs="+",
        metavar="TEXT",
        help="one label per file; default: the names of the files",
    )
    parser.add_argument(
        "--metric",
        default="cosine",
        choices=("cosine", "euclidean"),
        help="distance; default: %(default)s",
    )
    add_image_output(parser)
    add_force_option(parser)


def show(args: argparse.Namespace) -> int:
    """Run the subcommand and return its exit code."""
    from reid_align.viz.rate_curves import draw_rate_curves

    check_new_outputs([], args.force, args.output)
    labels = args.labels or [Path(name).stem for name in args.results]
    if len(labels) != len(args.results) or len(set(labels)) < len(labels):
        raise InvalidInputError(
            f"Got {len(args.results)} files with the labels {', '.join(labels)}. Give a different "
            "label for each file with --labels."
        )
    cmc: Cmc = {}
    roc: Roc = {}
    for name, label in zip(args.results, labels, strict=True):
        _add_curves(name, label, args.metric, cmc, roc)
    write_image(draw_rate_curves(cmc, roc), args.output)
    return 0


def _add_curves(name: str, label: str, metric: str, cmc: Cmc, roc: Roc) -> None:
    """Read the curves of one file; rates become shares of 1."""
    before = len(cmc) + len(roc)
    try:
        document: Mapping[str, Any] = json.loads(Path(name).read_text("utf-8"))
        if "histogram" in document:
            roc[label] = [(false, true) for false, true in document["roc"]]
            return
        for score in document["scores"]:
            if score["metric"] == metric:
                cmc[_labeled(label, score)] = [rate / 100 for rate in score["cmc"]]
        for table in document["verification"]:
            if table["metric"] == metric:
                split = f", {table['split']}" if len(document["verification"]) > 2 else ""
                points = [(false / 100, true / 100) for false, true in table["roc"]]
                roc[f"{label}{split}, EER {table['equal_error_rate']:.1f} %"] = points
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "strerror", None) or f"{type(error).__name__} {error}"
        raise InvalidInputError(
            f"{name} has no curves: {reason}. Give a file that evaluate -o "
            "or calibrate -o wrote with this version."
        ) from error
    if len(cmc) + len(roc) == before:
        raise InvalidInputError(f"{name} has no curve for the {metric} distance.")


def _labeled(label: str, score: Mapping[str, Any]) -> str:
    steps = (
        ("camera-normalized", score["normalize_cameras"]),
        ("re-ranked", score["reranked"]),
    )
    return ", ".join((label, *(step for step, done in steps if done)))
