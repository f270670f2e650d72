"""Subcommand ``show parts``: dense pose maps and part images."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reid_align.cli.common_options import add_device_option
from reid_align.cli.failure_messages import OK, SOME_FAILED
from reid_align.cli.image_output import add_image_output, write_image
from reid_align.cli.new_outputs import add_force_option, check_new_outputs
from reid_align.cli.shown_images import ShownImages, add_shown_images, read_shown_images
from reid_align.errors import InvalidInputError
from reid_align.progress import Progress

if TYPE_CHECKING:
    from reid_align.uv import IUV

HEIGHT = 196


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this subcommand."""
    add_shown_images(parser, default_limit=24)
    add_image_output(parser)
    add_force_option(parser)
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--weights",
        nargs="+",
        metavar="RUN",
        help="estimate the dense pose maps: training run of the recipe dense_uv, or its "
        "dense_uv.safetensors; default: the weights in the package",
    )
    source.add_argument(
        "--maps",
        metavar="FOLDER",
        help="read the dense pose maps: PNG files with the names of the images, as written by "
        "unwrap --to iuv",
    )
    add_device_option(parser)


def show(args: argparse.Namespace) -> int:
    """Run the subcommand and return its exit code."""
    from PIL import Image

    from reid_align.viz import contact_sheet, draw_iuv, draw_part_images

    check_new_outputs([], args.force, args.output)
    shown = read_shown_images(args)
    strips = [
        [Image.fromarray(pixels), draw_iuv(iuv, pixels), draw_part_images(pixels, iuv)]
        for pixels, iuv in zip(shown.pixels, _maps(args, shown), strict=True)
    ]
    write_image(contact_sheet(strips, shown.names, HEIGHT), args.output)
    print(f"{shown.summary} in {args.output}", file=sys.stderr)
    return SOME_FAILED if shown.failed else OK


def _maps(args: argparse.Namespace, shown: ShownImages) -> "list[IUV]":
    """Return one dense pose map per image."""
    from reid_align.uv import load_iuv

    if args.maps is not None:
        return [load_iuv(_map_file(Path(path), Path(args.maps))) for path in shown.paths]
    import numpy as np
    import torch

    from reid_align.inference.device import resolve_device
    from reid_align.unwrapping import load_unwrapper
    from reid_align.uv import IUV

    unwrapper = load_unwrapper("iuv", args.weights, resolve_device(args.device))
    maps = []
    with Progress(len(shown.pixels)) as progress:
        for pixels in progress.track(shown.pixels):
            unwrapped = unwrapper(np.stack([unwrapper.preprocess.resize(pixels)]))[0]
            fitted = np.array(unwrapper.fit(unwrapped, pixels.shape[:2]))
            maps.append(IUV(torch.from_numpy(fitted).permute(2, 0, 1)))
    return maps


def _map_file(image: Path, folder: Path) -> Path:
    """Return the map of an image: its path, or the end of its path, below the folder."""
    parts = image.with_suffix(".png").parts
    candidates = [folder.joinpath(*parts[start:]) for start in range(len(parts))]
    found = [file for file in candidates if file.is_file() and file.resolve() != image.resolve()]
    if not found:
        raise InvalidInputError(
            f"No dense pose map of {image} below {folder}, such as {folder / parts[-1]}. Write the "
            "maps with: python -m reid_align.unwrap IMAGES -o FOLDER --to iuv"
        )
    return found[0]
