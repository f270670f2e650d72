"""The ``show`` verb: images for inspection, one subcommand per kind."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from reid_align.cli import command_parser, run

DESCRIPTION = """\
Draw images for inspection.

  python -m reid_align.show sheet crops/ -o sheet.jpg
  python -m reid_align.show curves result.json -o curves.png
  python -m reid_align.show map feats.npy -o map.png
  python -m reid_align.show parts crops/ -o parts.jpg
  python -m reid_align.show texture crops/ -o textures.jpg --weights runs/san_pg

The suffix of the output selects the format: .jpg, .png or .webp."""

# The module reid_align.cli.show_NAME has `add_options(parser)` and `show(args) -> int`.
COMMANDS = {
    "sheet": "Contact sheet of images.",
    "curves": "CMC and ROC curves of one or several results.",
    "map": "2-D map of features: similar images are close (UMAP).",
    "parts": "Dense pose map and the 24 part images of each image.",
    "texture": "Texture of each image.",
}


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    parser = command_parser("show", DESCRIPTION, skips_images=True)
    commands = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands", dest="command"
    )
    for name, purpose in COMMANDS.items():
        options = commands.add_parser(name, help=purpose, description=purpose, epilog=parser.epilog)
        import_module(f"reid_align.cli.show_{name}").add_options(options)
    return parser


def show(args: argparse.Namespace) -> int:
    """Run the subcommand and return its exit code."""
    code: int = import_module(f"reid_align.cli.show_{args.command}").show(args)
    return code


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return its exit code."""
    return run(build_parser(), show, argv)


if __name__ == "__main__":
    sys.exit(main())
