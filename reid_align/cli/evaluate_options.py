"""The options of ``evaluate``: what is measured, and whether that can be."""

import argparse
from collections.abc import Callable
from pathlib import Path

from reid_align.errors import InvalidInputError
from reid_align.files import check_writable

# Without an encoder that runs, these decide nothing.
ENCODING = (
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
    """Add the options that say what is measured, and where the results go."""
    group.add_argument(
        "--metric",
        choices=("cosine", "euclidean", "both"),
        default="both",
        help="distance between features; default: %(default)s",
    )
    group.add_argument("--rerank", action="store_true", help="also with k-reciprocal re-ranking")
    group.add_argument(
        "--normalize-cameras",
        action="store_true",
        help="also without what all images of a camera share: features whitened camera by "
        "camera, over queries and gallery together",
    )
    group.add_argument(
        "--verification",
        nargs="*",
        type=float,
        metavar="FPR",
        help="also thresholds for 'the same person': at the equal error rate, and the true "
        "positive rates at these false positive rates; default: 0.0001 0.001 0.01",
    )
    group.add_argument(
        "--ap",
        choices=("mean", "trapezoid"),
        default="mean",
        help="average precision: the mean of precisions, or the area under the straight lines "
        "between them, as in Market-1501's first code; default: %(default)s",
    )
    group.add_argument("-o", "--output", metavar="FILE.json", help="write the result as JSON")
    group.add_argument("--queries", metavar="FILE.csv", help="write what each query found")


def check_arguments(args: argparse.Namespace, default: Callable[[str], object]) -> None:
    """Refuse what cannot be, or would be ignored, before any work is done.

    Args:
        args: the parsed arguments.
        default: gives what an option is where it is left out.

    Raises:
        InvalidInputError: there is no folder, an option would be ignored, or both outputs have one
            name.
        OutputError: an output cannot be written.
    """
    if args.root is None:
        raise InvalidInputError(f"Where is {args.dataset}? Give its folder after its name.")
    for name in ENCODING if args.features else ():
        if getattr(args, name) != default(name):
            raise InvalidInputError(
                f"--{name.replace('_', '-')} with --features: no encoder runs, the features are "
                "there. Give one."
            )
    if args.output and args.output == args.queries:
        raise InvalidInputError(f"-o and --queries both name {args.output}: give two names.")
    for output in filter(None, (args.output, args.queries)):
        check_writable(Path(output))
