"""``python -m reid_align.unwrap images/ -o textures``: textures or dense maps of persons."""

import argparse
import sys
from collections.abc import Sequence

from reid_align.cli import OK, SOME_FAILED, add_batch_option, add_device_option, command_parser, run

DESCRIPTION = """\
Unwrap each person image to a texture, or to a dense map of body parts (IUV).

-o textures is a folder with one PNG for each image, under the image's own path and name:
  --to texture  the texture that a SAN or SAN-PG decodes, 256×256 pixels
  --to iuv      red is the body part, green U·255, blue V·255, at the image's own size
Beside them, contact_sheet.jpg shows some of them next to their images, and unwrap.json says what
made them and which images could not be read. The same command continues an interrupted run."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = command_parser("unwrap", DESCRIPTION, skips_images=True)
    parser.add_argument(
        "input", metavar="INPUT", help="a folder (searched through, sorted), or one image"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="where to write")
    parser.add_argument(
        "--to",
        choices=("texture", "iuv"),
        default="texture",
        help="what to write; default: %(default)s",
    )
    parser.add_argument(
        "--weights",
        nargs="+",
        default=(),
        metavar="RUN",
        help="the folder of a training run with encoder.safetensors and san_decoder.safetensors, "
        "for iuv with dense_uv.safetensors; or these files; default: published weights, if this "
        "version has such",
    )
    add_device_option(parser)
    add_batch_option(parser)
    parser.add_argument(
        "--num-workers",
        type=int,
        metavar="N",
        help="threads that decode and write; default: one per core",
    )
    return parser


def unwrap(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported here so that --help answers without loading torch.
    from pathlib import Path

    from reid_align.features import resolve_device
    from reid_align.unwrapping import load_unwrapper, unwrap_images

    unwrapper = load_unwrapper(args.to, args.weights, resolve_device(args.device))
    done = unwrap_images(
        args.input,
        unwrapper,
        Path(args.output),
        batch_size=args.batch_size,
        workers=args.num_workers,
        progress=True,
    )
    resumed = f" ({done.resumed} more were there already)" if done.resumed else ""
    print(f"{_images(done.written)} unwrapped to {args.output}{resumed}", file=sys.stderr)
    for image in done.failed:
        print(f"{image.path}: {image.error}", file=sys.stderr)
    if done.failed:
        print(f"{_images(len(done.failed))} could not be read.", file=sys.stderr)
    return SOME_FAILED if done.failed else OK


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), unwrap, argv, "the same command continues what was begun")


if __name__ == "__main__":
    sys.exit(main())
