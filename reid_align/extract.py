"""``python -m reid_align.extract images/ -o feats.npy``: the features of a folder of images."""

import argparse
import sys
from collections.abc import Sequence

from reid_align.cli import (
    OK,
    SOME_FAILED,
    add_compute_options,
    add_encoder_options,
    command_parser,
    run,
)
from reid_align.errors import ImageReadError

DESCRIPTION = """\
Compute one feature vector for each person image.

-o feats.npy writes three files, together or not at all:
  feats.npy   (N, D) float32, row by row
  feats.csv   row, path: which row is which image
  feats.json  model, weights, preprocessing, version, and the images that failed"""

ADVICE = (
    "Mend it and run the same command with --resume; or leave it out: add --resume --on-error skip"
)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = command_parser("extract", DESCRIPTION, skips_images=True)
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="a folder (searched through, sorted), an image, a quoted glob pattern, a .txt file "
        "with one path a line, or - for such a list on standard input",
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE.npy", help="what to write")
    add_encoder_options(parser)
    add_compute_options(parser)
    parser.add_argument(
        "--no-normalize", action="store_true", help="leave the features' length as it is, not 1"
    )
    parser.add_argument(
        "--on-error",
        choices=("fail", "skip"),
        default="fail",
        help="at an image that cannot be read: stop, or go on and list it in feats.json; "
        "default: %(default)s",
    )
    parser.add_argument("--resume", action="store_true", help="continue an interrupted run")
    parser.add_argument(
        "--shard",
        metavar="I/N",
        default="0/1",
        help="take every N-th image from number I (0 to N-1) and write feats-0000I-of-0000N.npy",
    )
    return parser


def extract(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported here so that --help answers without loading torch.
    from reid_align.features import Adaptation, ExtractOptions, Shard, extract_to_file
    from reid_align.images import find_images
    from reid_align.models.select import select_encoder

    options = ExtractOptions(
        args.device,
        args.dtype,
        args.batch_size,
        args.num_workers,
        args.flip,
        not args.no_normalize,
        args.on_error,
        args.backend,
    )
    shard = Shard.parse(args.shard)
    encoder = select_encoder(args.model, args.weights, args.seed)
    try:
        done = extract_to_file(
            find_images(args.inputs),
            encoder,
            args.output,
            options,
            adaptation=Adaptation(seed=args.seed) if args.adapt else None,
            shard=shard,
            resume=args.resume,
            progress=True,
        )
    except ImageReadError as error:
        raise ImageReadError(error.path, f"{error.reason}. {ADVICE}") from error
    print(
        f"{done.rows} × {done.feature_dim} features in {done.output}"
        + (f" ({done.resumed} images from the run before)" if done.resumed else ""),
        file=sys.stderr,
    )
    if done.failed:
        listed = done.output.with_suffix(".json")
        images = "1 image" if done.failed == 1 else f"{done.failed} images"
        print(f"{images} could not be read; see {listed}.", file=sys.stderr)
    return SOME_FAILED if done.failed else OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), extract, argv, "--resume continues what was begun")


if __name__ == "__main__":
    sys.exit(main())
