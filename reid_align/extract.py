"""Command ``python -m reid_align.extract images/ -o feats.npy``: features of images."""

import argparse
import sys
from collections.abc import Sequence

from reid_align.cli import (
    ENCODER_ADVICE,
    OK,
    SOME_FAILED,
    Advice,
    add_compute_options,
    add_encoder_options,
    command_parser,
    run,
)
from reid_align.cli.distribution_options import add_distribution_options
from reid_align.errors import ImageReadError, OutputExistsError, StorageError

DESCRIPTION = """\
Compute one feature vector for each person image.

  python -m reid_align.extract images/ -o feats.npy
  python -m reid_align.extract 'crops/**/*.jpg' -o feats.npy --weights encoder.safetensors
  python -m reid_align.extract 'shards/*.tar' s3://bucket/crops -o feats.parquet --engine ray

-o feats.npy writes three files:
  feats.npy   (N, D) float32, one row per image
  feats.csv   row, path: the image of each row
  feats.json  model, weights, preprocessing, version, and the failed images
-o feats.parquet writes a folder of Parquet files with the columns path, features and error"""

ADVICE: Advice = {
    **ENCODER_ADVICE,
    ImageReadError: "Fix the file and rerun the command with --resume, or add --resume --on-error "
    "skip to leave it out.",
    StorageError: "Finished work is kept; rerun the command with --resume.",
    OutputExistsError: "Use --force to replace it.",
}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("extract", DESCRIPTION, skips_images=True)
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="folder (searched recursively, sorted), image, tar file of images, quoted glob "
        "pattern, .txt file with one path per line, - for such a list on standard input, a URL of "
        "these (s3://, gs://), or a Parquet file of images (with -o NAME.parquet)",
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="FILE", help="FILE.npy or FOLDER.parquet"
    )
    add_encoder_options(parser)
    add_compute_options(parser)
    parser.add_argument(
        "--no-normalize", action="store_true", help="do not scale features to length 1"
    )
    parser.add_argument(
        "--on-error",
        choices=("fail", "skip"),
        default="fail",
        help="at an unreadable image: stop, or skip it and list it in feats.json; "
        "default: %(default)s",
    )
    parser.add_argument("--resume", action="store_true", help="continue an interrupted run")
    parser.add_argument("--force", action="store_true", help="replace existing files")
    parser.add_argument(
        "--shard",
        metavar="I/N",
        default="0/1",
        help="extract every N-th image, starting with image I (0 to N-1), and write "
        "feats-0000I-of-0000N.npy; with .parquet, every N-th part",
    )
    add_distribution_options(parser)
    return parser


def extract(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load torch.
    from reid_align.cli.encoder_choice import select_encoder
    from reid_align.cli.feature_outputs import write_features
    from reid_align.features import ExtractOptions

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
    encoder = select_encoder(args.model, args.weights, args.seed)
    done = write_features(args, encoder, options)
    print(
        f"{done.rows} × {done.feature_dim} features in {done.output}"
        + (f" ({done.resumed} images from an earlier run)" if done.resumed else ""),
        file=sys.stderr,
    )
    if done.failed:
        output = str(done.output)
        listed = f"{output.removesuffix('.npy')}.json" if output.endswith(".npy") else output
        images = "1 image" if done.failed == 1 else f"{done.failed} images"
        print(f"{images} could not be read; see {listed}.", file=sys.stderr)
    return SOME_FAILED if done.failed else OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), extract, argv, "rerun with --resume to continue", ADVICE)


if __name__ == "__main__":
    sys.exit(main())
