"""Options of ``evaluate``: metrics and outputs."""

import argparse
from collections.abc import Callable

from reid_align.cli.new_outputs import add_force_option, check_new_outputs
from reid_align.errors import InvalidInputError

# Options that only apply when an encoder runs.
ENCODER_OPTIONS = (
    "model",
    "weights",
    "seed",
    "dtype",
    "backend",
    "batch_size",
    "num_workers",
    "flip",
    "adapt",
)


def add_measure_options(group: argparse._ArgumentGroup) -> None:
    """Add the options for metrics and output files."""
    group.add_argument(
        "--metric",
        choices=("cosine", "euclidean", "both"),
        default="both",
        help="distance between features; default: %(default)s",
    )
    group.add_argument("--rerank", action="store_true", help="add k-reciprocal re-ranking")
    group.add_argument(
        "--normalize-cameras",
        action="store_true",
        help="add scores of camera-normalized features: whitened separately for each camera, over "
        "queries and gallery together",
    )
    group.add_argument(
        "--verification",
        nargs="*",
        type=float,
        metavar="FPR",
        help="add verification: threshold at the equal error rate, and true positive rates at "
        "these false positive rates; default: 0.0001 0.001 0.01",
    )
    group.add_argument(
        "--ap",
        choices=("mean", "trapezoid"),
        default="mean",
        help="average precision: mean of the precisions, or trapezoidal area as in Market-1501's "
        "original code; default: %(default)s",
    )
    group.add_argument(
        "--no-normalize",
        action="store_true",
        help="do not scale features to length 1 first; this changes all scores but plain cosine",
    )
    group.add_argument(
        "--on-error",
        choices=("fail", "skip"),
        default="fail",
        help="at an unreadable image, or one that extract skipped: stop, or leave it out; "
        "default: %(default)s",
    )
    group.add_argument("-o", "--output", metavar="FILE.json", help="write the result as JSON")
    group.add_argument(
        "--queries",
        metavar="FILE.csv",
        help="write the result and the nearest images of each query",
    )
    group.add_argument(
        "--sheet", metavar="FILE.jpg", help="draw the worst queries and their nearest images"
    )
    group.add_argument(
        "--html", metavar="FILE.html", help="write a page that shows the queries, worst first"
    )
    add_force_option(group)
    group.add_argument(
        "--hits",
        type=int,
        default=10,
        metavar="N",
        help="nearest images per query in --queries, --sheet and --html; default: %(default)s",
    )


def check_arguments(args: argparse.Namespace, default: Callable[[str], object]) -> None:
    """Check the arguments before the work starts.

    Args:
        args: the parsed arguments.
        default: returns the default of an option.

    Raises:
        InvalidInputError: no folder is given, or an option would be ignored.
    """
    if args.root is None:
        raise InvalidInputError(f"Missing folder of {args.dataset}. Give it after the name.")
    check_encoder_options(args, default)
    if args.features_root is not None and not args.features:
        raise InvalidInputError("--features-root needs --features. Add it, or remove the option.")
    check_new_outputs((args.output, args.queries, args.html), args.force, args.sheet)


def check_encoder_options(
    args: argparse.Namespace, default: Callable[[str], object], *, uses_seed: bool = False
) -> None:
    """Refuse options of the encoder together with ``--features``.

    Args:
        args: the parsed arguments.
        default: returns the default of an option.
        uses_seed: the command uses ``--seed`` for more than the encoder.

    Raises:
        InvalidInputError: an option would be ignored.
    """
    for name in ENCODER_OPTIONS if args.features else ():
        if getattr(args, name) != default(name) and not (uses_seed and name == "seed"):
            raise InvalidInputError(
                f"--{name.replace('_', '-')} has no effect with --features: no encoder runs. "
                "Remove one of them."
            )
