"""Command ``python -m reid_align.join PARTS… -o feats.npy``: one file from several."""

import argparse
import sys
from collections.abc import Sequence

from reid_align.cli import OK, Advice, command_parser, run
from reid_align.errors import OutputExistsError

DESCRIPTION = """\
Join the parts of an extraction, from --shard I/N or in Parquet, to one feats.npy.

  python -m reid_align.join feats-*-of-00004.npy -o feats.npy
  python -m reid_align.join feats.parquet -o feats.npy

The result is read piece by piece from the disk: it may be larger than the memory. All parts must be
of one encoder and one set of options, and all shards of a run must be given."""

ADVICE: Advice = {OutputExistsError: "Use --force to replace it."}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("join", DESCRIPTION)
    parser.add_argument(
        "parts", nargs="+", metavar="PART", help=".npy file or .parquet folder written by extract"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE.npy", help="output file")
    parser.add_argument("--force", action="store_true", help="replace existing files")
    return parser


def join(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load torch.
    from reid_align.features import join_features

    done = join_features(args.parts, args.output, overwrite=args.force, progress=True)
    print(f"{done.rows} × {done.feature_dim} features in {done.output}", file=sys.stderr)
    if done.failed:
        print(f"{done.failed} images without features are listed in its .json.", file=sys.stderr)
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), join, argv, advice=ADVICE)


if __name__ == "__main__":
    sys.exit(main())
