"""Subcommand ``show sheet``: contact sheet of images."""

import argparse
import sys

from reid_align.cli.failure_messages import OK, SOME_FAILED
from reid_align.cli.image_output import add_image_output, write_image
from reid_align.cli.new_outputs import add_force_option, check_new_outputs
from reid_align.cli.shown_images import add_shown_images, read_shown_images


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this subcommand."""
    add_shown_images(parser, default_limit=100)
    add_image_output(parser)
    add_force_option(parser)
    parser.add_argument(
        "--height",
        type=int,
        default=160,
        metavar="PIXELS",
        help="height of every image; default: %(default)s",
    )
    parser.add_argument("--no-names", action="store_true", help="leave out the file names")


def show(args: argparse.Namespace) -> int:
    """Run the subcommand and return its exit code."""
    from PIL import Image

    from reid_align.viz import contact_sheet

    check_new_outputs([], args.force, args.output)
    shown = read_shown_images(args)
    strips = [[Image.fromarray(pixels)] for pixels in shown.pixels]
    sheet = contact_sheet(strips, () if args.no_names else shown.names, args.height)
    write_image(sheet, args.output)
    print(f"{shown.summary} in {args.output}", file=sys.stderr)
    return SOME_FAILED if shown.failed else OK
