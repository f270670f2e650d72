"""Command ``python -m reid_align.selftrain crops/ -o RUN``: adapt to images without labels."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reid_align.cli import OK, Advice, add_device_option, command_parser, run
from reid_align.cli.train_options import TRAIN_ADVICE
from reid_align.errors import NoImagesError, OutputExistsError

if TYPE_CHECKING:
    from reid_align.self_training import RoundSummary

DESCRIPTION = """\
Adapt an encoder to your cameras, with images of them and without labels.

  python -m reid_align.selftrain crops/ --pattern '_c(?P<camera_id>\\d+)' -o runs/mine
  python -m reid_align.selftrain crops/ --metadata cameras.csv --weights NAME -o runs/mine

Each round groups similar images and trains the encoder to recognize the groups. RUN receives the
weights. The same command continues an interrupted run."""

ADVICE: Advice = {
    **TRAIN_ADVICE,
    NoImagesError: "Give a folder, a quoted pattern or a .txt list of images.",
    OutputExistsError: "Use another folder with -o.",
}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("selftrain", DESCRIPTION)
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="images, as in extract")
    parser.add_argument("-o", "--output", required=True, metavar="RUN", help="output folder")
    parser.add_argument(
        "--weights",
        metavar="WEIGHTS",
        help="initial weights: training run, folder, .safetensors file or name of published "
        "weights; default: those of extract",
    )
    cameras = parser.add_mutually_exclusive_group()
    cameras.add_argument(
        "--pattern",
        metavar="REGEX",
        help="regular expression on the paths with the group camera_id",
    )
    cameras.add_argument(
        "--metadata", metavar="FILE.csv", help="table with the columns path and camera"
    )
    group = parser.add_argument_group("grouping and training")
    group.add_argument("--rounds", type=int, default=10, help="default: %(default)s")
    group.add_argument(
        "--distance",
        type=float,
        default=0.45,
        metavar="D",
        help="largest Jaccard distance of two images of a group; default: %(default)s",
    )
    group.add_argument(
        "--min-images",
        type=int,
        default=4,
        metavar="N",
        help="smallest group; default: %(default)s",
    )
    group.add_argument(
        "--neighbors",
        type=int,
        default=20,
        metavar="N",
        help="nearest images that the distance compares, about as many as an identity has; "
        "default: %(default)s",
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        dest="settings",
        help="change a setting of the recipe selftrain (train selftrain --show)",
    )
    group.add_argument("--seed", type=int, default=0, help="seed for everything random; default: 0")
    group = parser.add_argument_group("computation")
    add_device_option(group)
    group.add_argument(
        "--num-workers",
        type=int,
        metavar="N",
        help="processes that decode training images; default: half of the cores, at most 8",
    )
    return parser


def selftrain(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load torch.
    from reid_align.cli.camera_arguments import cameras_of_arguments
    from reid_align.images import find_images
    from reid_align.models.model_factory import DEFAULT_MODEL
    from reid_align.recipes import ComputeOptions, default_loader_workers
    from reid_align.self_training import SelfTraining, UnlabeledImages, self_train
    from reid_align.weights import find_weights, shipped_weights

    settings = SelfTraining(
        args.rounds,
        args.distance,
        args.min_images,
        args.neighbors,
        args.seed,
        tuple(args.settings),
    )
    paths = tuple(dict.fromkeys(find_images(args.inputs)))
    images = UnlabeledImages(paths, cameras_of_arguments(args, paths))
    workers = default_loader_workers() if args.num_workers is None else args.num_workers
    weights = self_train(
        images,
        args.weights or find_weights(shipped_weights(), DEFAULT_MODEL).name,
        Path(args.output),
        settings,
        ComputeOptions(args.device, workers, progress=True),
        lambda found: print(_round_text(found, args.rounds), file=sys.stderr),
    )
    print(f"python -m reid_align.extract IMAGES -o feats.npy --weights {weights.parent}")
    return OK


def _round_text(found: "RoundSummary", rounds: int) -> str:
    across = "" if found.across is None else f", {found.across:,} of them of several cameras"
    return (
        f"round {found.number} of {rounds}: {found.groups:,} groups{across}, with "
        f"{found.images:,} of {found.readable:,} images"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), selftrain, argv, "the same command continues the run", advice=ADVICE)


if __name__ == "__main__":
    sys.exit(main())
