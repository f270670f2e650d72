"""Subcommand ``show texture``: images and their textures."""

import argparse
import sys

from reid_align.cli.common_options import add_device_option
from reid_align.cli.failure_messages import OK, SOME_FAILED
from reid_align.cli.image_output import add_image_output, write_image
from reid_align.cli.new_outputs import add_force_option, check_new_outputs
from reid_align.cli.shown_images import add_shown_images, read_shown_images
from reid_align.progress import Progress

HEIGHT = 192


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this subcommand."""
    add_shown_images(parser, default_limit=24)
    add_image_output(parser)
    add_force_option(parser)
    parser.add_argument(
        "--weights",
        nargs="+",
        metavar="RUN",
        help="training run of san_pg or a SAN recipe, or its encoder.safetensors and "
        "san_decoder.safetensors; default: the weights in the package",
    )
    add_device_option(parser)


def show(args: argparse.Namespace) -> int:
    """Run the subcommand and return its exit code."""
    import numpy as np
    from PIL import Image

    from reid_align.inference.device import resolve_device
    from reid_align.unwrapping import load_unwrapper
    from reid_align.viz import contact_sheet

    check_new_outputs([], args.force, args.output)
    unwrapper = load_unwrapper("texture", args.weights, resolve_device(args.device))
    shown = read_shown_images(args)
    strips = []
    with Progress(len(shown.pixels)) as progress:
        for pixels in progress.track(shown.pixels):
            texture = unwrapper(np.stack([unwrapper.preprocess.resize(pixels)]))[0]
            strips.append([Image.fromarray(pixels), Image.fromarray(texture)])
    write_image(contact_sheet(strips, shown.names, HEIGHT), args.output)
    print(f"{shown.summary} in {args.output}", file=sys.stderr)
    return SOME_FAILED if shown.failed else OK
