"""Command ``python -m reid_align.demo GALLERY``: a local web page to search, compare and label.

A Hub Space runs this file as its ``app.py``, with the gallery in the folder ``examples``.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from reid_align.cli import (
    ENCODER_ADVICE,
    OK,
    Advice,
    add_calibration_options,
    add_compute_options,
    add_encoder_options,
    command_parser,
    run,
)
from reid_align.errors import EncoderUnavailableError, MixedFeaturesError

DESCRIPTION = """\
Open a web page on this machine: search a gallery, compare two images, label pairs.

  python -m reid_align.demo crops/
  python -m reid_align.demo feats.npy --pairs pairs.csv

The page needs no network connection. Re-identification of people is regulated: read "Responsible
use" in the documentation first."""

ADVICE: Advice = {
    **ENCODER_ADVICE,
    EncoderUnavailableError: "Name its weights with --weights FILE.",
    MixedFeaturesError: "For a gallery of features leave out --model and --weights.",
}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("demo", DESCRIPTION)
    parser.add_argument(
        "gallery",
        nargs="?",
        default="examples",
        metavar="GALLERY",
        help="folder of images, features (.npy, .parquet), or stored gallery; default: %(default)s",
    )
    parser.add_argument("--root", metavar="FOLDER", help="folder for relative paths of the gallery")
    parser.add_argument(
        "--pairs", metavar="FILE.csv", help="label pairs, in a file that calibrate --pairs reads"
    )
    parser.add_argument(
        "--near-share",
        type=float,
        default=0.75,
        metavar="P",
        help="share of proposed pairs that are near each other, 0 to 1; default: %(default)s",
    )
    parser.add_argument(
        "--textures",
        nargs="+",
        metavar="RUN",
        help="training run of san_pg or a SAN recipe: shows the texture of the query; default: the "
        "weights in the package, if it has any",
    )
    parser.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        metavar="H",
        help="address to listen on; 0.0.0.0 for all, without a password; default: %(default)s",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=7860,
        metavar="N",
        help="port; 0 takes a free one; default: %(default)s",
    )
    add_calibration_options(parser.add_argument_group("calibration"))
    add_encoder_options(parser)
    add_compute_options(parser)
    return parser


def demo(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load torch.
    from reid_align.cli.demo_start import start_demo

    start_demo(args)
    print("Stopped. Labeled pairs are stored.", file=sys.stderr)
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return its exit code."""
    return run(build_parser(), demo, argv, "labels are kept", ADVICE)


if __name__ == "__main__":
    sys.exit(main())
