"""Subcommand ``show map``: 2-D map of features with thumbnails."""

import argparse
import sys

from reid_align.cli.common_options import (
    add_batch_option,
    add_device_option,
    add_encoder_options,
)
from reid_align.cli.failure_messages import OK, SOME_FAILED
from reid_align.cli.image_output import add_image_output, write_image
from reid_align.cli.new_outputs import add_force_option, check_new_outputs
from reid_align.errors import InvalidInputError
from reid_align.progress import working


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this subcommand."""
    parser.add_argument(
        "gallery",
        metavar="GALLERY",
        help="features written by extract (feats.npy), a stored gallery, or images: a folder, a "
        "quoted glob pattern, or a .txt file with one path per line",
    )
    parser.add_argument(
        "--where",
        metavar="SQL",
        help="filter on the metadata of a stored gallery, such as 'camera = 1'",
    )
    add_image_output(parser)
    add_force_option(parser)
    parser.add_argument(
        "--color",
        metavar="COLUMN",
        help="column of the metadata to show by color, such as person_id or camera",
    )
    parser.add_argument(
        "--metadata",
        metavar="FILE.csv",
        help="CSV file with the column path and further columns",
    )
    parser.add_argument(
        "--root",
        metavar="FOLDER",
        help="folder of the images, if the paths are not below the working directory",
    )
    parser.add_argument(
        "--neighbors",
        type=int,
        default=15,
        metavar="N",
        help="number of neighbors that stay close; a small number shows small groups; default: "
        "%(default)s",
    )
    add_encoder_options(parser)
    add_device_option(parser)
    add_batch_option(parser)


def show(args: argparse.Namespace) -> int:
    """Run the subcommand and return its exit code."""
    check_new_outputs([], args.force, args.output)
    if not 0 <= args.seed < 2**32:
        raise InvalidInputError(f"--seed {args.seed}: give a number from 0 to {2**32 - 1}.")
    from reid_align.cli.encoder_choice import select_encoder
    from reid_align.features import ExtractOptions, is_feature_file
    from reid_align.galleries import is_gallery
    from reid_align.retrieval import load_gallery, read_metadata
    from reid_align.retrieval.metadata_table import column
    from reid_align.viz import map_positions, thumbnail_scatter

    stored = is_feature_file(args.gallery) or is_gallery(args.gallery)
    table = read_metadata(args.metadata) if args.metadata else None
    if args.color and not stored:
        # Before the images are encoded, which takes minutes.
        column(dict.fromkeys(table.names if table else (), ()), args.color)
    gallery = load_gallery(
        args.gallery,
        where=args.where,
        root=args.root,
        metadata=table,
        encoder=None if stored else select_encoder(args.model, args.weights, args.seed),
        options=ExtractOptions(args.device, batch_size=args.batch_size, on_error="skip"),
        progress=True,
    )
    labels = column(gallery.columns, args.color) if args.color else None
    files = [image.file for image in gallery.files]
    with working(f"map of {len(files):,} images"):
        positions = map_positions(gallery.features.values, args.seed, args.neighbors)
        drawn = thumbnail_scatter(positions, files, labels, args.color or "")
    write_image(drawn, args.output)
    print(f"{len(files):,} images in {args.output}", file=sys.stderr)
    if gallery.missing:
        print(
            f"{len(gallery.missing):,} files do not exist and have no thumbnail.", file=sys.stderr
        )
    failed = () if stored else gallery.features.failed
    for image in failed:
        print(f"left out: {image.path}: {image.error}", file=sys.stderr)
    return SOME_FAILED if failed else OK
