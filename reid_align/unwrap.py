"""Command ``python -m reid_align.unwrap images/ -o textures``: textures and dense pose maps."""

import argparse
import sys
from collections.abc import Sequence

from reid_align.cli import OK, SOME_FAILED, add_batch_option, add_device_option, command_parser, run

DESCRIPTION = """\
Unwrap person images to textures, or to dense pose maps (IUV).

  python -m reid_align.unwrap images/ -o textures
  python -m reid_align.unwrap images/ -o maps --to iuv --weights runs/dense_uv

Writes one PNG file per image, with the relative path of the image:
  --to texture  texture decoded by a SAN or SAN-PG, 256×256 pixels
  --to iuv      body part in red, U·255 in green, V·255 in blue, at the size of the image
Also writes contact_sheet.jpg with samples, and unwrap.json with the settings and failed images. To
resume an interrupted run, repeat the command."""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("unwrap", DESCRIPTION, skips_images=True)
    parser.add_argument(
        "input", metavar="INPUT", help="image folder (searched recursively), or one image"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="output folder")
    parser.add_argument(
        "--to",
        choices=("texture", "iuv"),
        default="texture",
        help="kind of output; default: %(default)s",
    )
    parser.add_argument(
        "--weights",
        nargs="+",
        metavar="RUN",
        help="training run or its best folder, or its weights files: encoder.safetensors and "
        "san_decoder.safetensors for textures (recipe san_pg or a SAN recipe), "
        "dense_uv.safetensors for iuv (recipe dense_uv); default: the weights in the package",
    )
    add_device_option(parser)
    add_batch_option(parser)
    parser.add_argument(
        "--num-workers",
        type=int,
        metavar="N",
        help="threads that decode and write; default: one per core, at most 16 with a GPU",
    )
    return parser


def unwrap(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load torch.
    from pathlib import Path

    from reid_align.inference.device import resolve_device
    from reid_align.unwrapping import load_unwrapper, unwrap_images

    unwrapper = load_unwrapper(args.to, args.weights, resolve_device(args.device))
    summary = unwrap_images(
        args.input,
        unwrapper,
        Path(args.output),
        batch_size=args.batch_size,
        workers=args.num_workers,
        progress=True,
    )
    resumed = f" ({summary.resumed} more already existed)" if summary.resumed else ""
    print(f"{_images(summary.written)} unwrapped to {args.output}{resumed}", file=sys.stderr)
    for error in summary.failed:
        print(error, file=sys.stderr)
    if summary.failed:
        print(f"{_images(len(summary.failed))} could not be read.", file=sys.stderr)
    return SOME_FAILED if summary.failed else OK


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return its exit code."""
    return run(build_parser(), unwrap, argv, "repeat the command to resume")


if __name__ == "__main__":
    sys.exit(main())
