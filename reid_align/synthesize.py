"""Command ``python -m reid_align.synthesize -o data/synth``: images of synthetic people."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reid_align.cli import OK, add_renamed_option, command_parser, run
from reid_align.errors import InvalidInputError

DESCRIPTION = """\
Generate images of synthetic people with dense pose maps (IUV), textures, identities and cameras.

  python -m reid_align.synthesize -o data/synth --identities 3000 --images 10 --seed 0

A set is a folder of shards with 12 identities each. Rerun the command to continue an interrupted
set. The same options give the same set."""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("synthesize", DESCRIPTION)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="DIR",
        help="folder of the set, new or to continue",
    )
    parser.add_argument(
        "--identities",
        type=int,
        metavar="N",
        help="number of identities; default: 3000, with --pit 929 textures",
    )
    parser.add_argument(
        "--images", type=int, default=10, metavar="M", help="images per identity; default: 10"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="default: %(default)s")
    parser.add_argument(
        "--pit",
        action="store_true",
        help="paired image-texture data, as in SAN: the images of a texture show different bodies",
    )
    parser.add_argument(
        "--width",
        type=int,
        default=128,
        metavar="W",
        help="width of the images, 128 or 256 pixels; the height is 256, and 256×256 shows the "
        "same box stretched; default: %(default)s",
    )
    parser.add_argument(
        "--num-workers", type=int, metavar="N", help="number of processes; default: one per core"
    )
    add_renamed_option(parser, "--workers", "--num-workers")
    parser.add_argument(
        "--format",
        choices=("shards", "folders"),
        default="shards",
        help="folders: write plain files with the names of Market-1501 (with --pit numbered) to "
        "DIR, which must be new or empty, and the shards to DIR.shards; default: %(default)s",
    )
    return parser


def synthesize(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load numba.
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
    folder = _shard_folder(output) if plain else output
    if plain and is_exported(output, settings):
        print(f"{output} is complete already.", file=sys.stderr)
        return OK
    written = write_set(folder, settings, args.num_workers, progress=True)
    earlier = settings.shards - written
    print(
        f"{identities} {'textures' if args.pit else 'identities'} in {folder}"
        + (f" ({earlier} of {settings.shards} shards from an earlier run)" if earlier else ""),
        file=sys.stderr,
    )
    if plain:
        count = export_folders(ShardSet(folder), settings, output, progress=True)
        print(f"{count} images in {output}", file=sys.stderr)
    return OK


def _shard_folder(output: Path) -> Path:
    """Return the folder of the shards from which the plain files in ``output`` are exported."""
    if output.name in ("", ".."):
        raise InvalidInputError(
            f"-o {output}: --format folders also creates the folder NAME.shards. Give the path of "
            "a new folder with its name."
        )
    return output.with_name(f"{output.name}.shards")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), synthesize, argv, "rerun the command to continue")


if __name__ == "__main__":
    sys.exit(main())
