"""``python -m reid_align.synthesize -o data/synth``: images of people who do not exist."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reid_align.cli import OK, add_renamed_option, command_parser, run
from reid_align.errors import InvalidInputError

DESCRIPTION = """\
Make images of synthetic people, each with its dense map of body parts, the texture of the person,
and who is seen by which camera.

A set is a folder of shards, 12 identities in each; a run that was stopped goes on where it
was. The same options give the same set."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = command_parser("synthesize", DESCRIPTION)
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="what to write")
    parser.add_argument(
        "--identities", type=int, metavar="N", help="how many people; default: 3000, with --pit 929"
    )
    parser.add_argument(
        "--images", type=int, default=10, metavar="M", help="images of each; default: %(default)s"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="default: %(default)s")
    parser.add_argument(
        "--pit",
        action="store_true",
        help="paired image and texture data: one texture on a new body in every image",
    )
    parser.add_argument(
        "--width",
        type=int,
        default=128,
        metavar="W",
        help="of the images, 128 or 256 pixels; they are 256 tall, and 256 shows the same box "
        "stretched; default: %(default)s",
    )
    parser.add_argument(
        "--num-workers", type=int, metavar="N", help="processes; default: one per core"
    )
    add_renamed_option(parser, "--workers", "--num-workers")
    parser.add_argument(
        "--format",
        choices=("shards", "folders"),
        default="shards",
        help="folders writes plain files, named as in Market-1501 (with --pit just numbered), to "
        "DIR, which must be new or empty, and the shards to DIR.shards; default: %(default)s",
    )
    return parser


def synthesize(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported here so that --help answers without loading numba.
    from reid_align.shard_set import ShardSet
    from reid_align.synth import (
        PIT_TEXTURES,
        SynthSettings,
        export_folders,
        is_exported,
        write_set,
    )

    default = PIT_TEXTURES if args.pit else 3000
    identities = default if args.identities is None else args.identities
    settings = SynthSettings(identities, args.images, args.seed, args.width, args.pit)
    output = Path(args.output)
    plain = args.format == "folders"
    folder = _shards_beside(output) if plain else output
    if plain and is_exported(output, settings):
        print(f"{output} was finished before", file=sys.stderr)
        return OK
    write_set(folder, settings, args.num_workers, progress=True)
    print(f"{identities} identities in {folder}", file=sys.stderr)
    if plain:
        count = export_folders(ShardSet(folder), settings, output)
        print(f"{count} images in {output}", file=sys.stderr)
    return OK


def _shards_beside(output: Path) -> Path:
    """Return the folder of the shards that the plain files in ``output`` are made from."""
    if output.name in ("", ".."):
        raise InvalidInputError(
            f"-o {output}: --format folders makes a folder, and the shards in another beside it. "
            "Give the folder's own name."
        )
    return output.with_name(f"{output.name}.shards")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), synthesize, argv, "the same command goes on where it was")


if __name__ == "__main__":
    sys.exit(main())
