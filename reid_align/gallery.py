"""Command ``python -m reid_align.gallery``: a stored gallery that grows and can be filtered."""

import argparse
import sys
from collections.abc import Sequence

from reid_align.cli import (
    ENCODER_ADVICE,
    Advice,
    add_compute_options,
    add_encoder_options,
    command_parser,
    run,
)
from reid_align.errors import EncoderUnavailableError, ImageReadError, MixedFeaturesError

DESCRIPTION = """\
Create, extend and inspect a gallery: features with metadata that are stored in a folder.

  python -m reid_align.gallery add GALLERY crops/ --metadata cameras.csv
  python -m reid_align.gallery add GALLERY feats.npy
  python -m reid_align.gallery remove GALLERY --where "camera = 1"
  python -m reid_align.search query.jpg --gallery GALLERY --where "camera <> 1"

Every command is complete on the disk when it ends. An interrupted add keeps what it has added, and
continues when it is repeated. Filters are SQL conditions on path and the metadata columns."""

ADVICE: Advice = {
    **ENCODER_ADVICE,
    EncoderUnavailableError: "Name its weights with --weights FILE.",
    MixedFeaturesError: "Leave out --model and --weights to use the encoder of the gallery.",
    ImageReadError: "Fix the file, or leave it out with --on-error skip.",
}
PURPOSES = {
    "add": "Add images or feature files; creates the gallery. Skips paths that it has already.",
    "remove": "Remove the rows that match a filter.",
    "list": "Print path and metadata of the rows as CSV.",
    "info": "Print number of rows, columns, encoder and size.",
    "index": "Build the index for approximate searches (Python: approximate=True).",
    "compact": "Merge small files and delete old versions; erases removed rows from the disk.",
}


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    parser = command_parser("gallery", DESCRIPTION, skips_images=True)
    commands = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands", dest="command"
    )

    def add(name: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=PURPOSES[name], description=PURPOSES[name], epilog=parser.epilog
        )
        command.add_argument("gallery", metavar="GALLERY", help="folder of the gallery")
        return command

    _add_import_options(add("add"))
    add("remove").add_argument("--where", required=True, metavar="SQL", help="rows to remove")
    add("list").add_argument("--where", metavar="SQL", help="rows to print; default: all")
    add("info").add_argument("--json", action="store_true", help="print JSON")
    add("index")
    add("compact").add_argument(
        "--keep-days",
        type=float,
        default=7,
        metavar="N",
        help="keep the versions of N days for processes that read them; 0 erases removed rows at "
        "once; default: %(default)s",
    )
    return parser


def _add_import_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="features written by extract (.npy, .parquet); or images: folder, quoted glob "
        "pattern, .txt list",
    )
    parser.add_argument(
        "--metadata", metavar="FILE.csv", help="table with a column path and further columns"
    )
    parser.add_argument(
        "--on-error",
        choices=("fail", "skip"),
        default="fail",
        help="at an unreadable image: stop, or leave it out; default: %(default)s",
    )
    add_encoder_options(parser)
    add_compute_options(parser)


def gallery(args: argparse.Namespace) -> int:
    """Run the subcommand and return the exit code."""
    # Imported late, because --help should not load torch.
    from reid_align.cli.gallery_commands import COMMANDS

    return COMMANDS[args.command](args)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return the exit code."""
    after_interrupt = "repeat the command to continue"
    return run(build_parser(), gallery, argv, after_interrupt, ADVICE)


if __name__ == "__main__":
    sys.exit(main())
