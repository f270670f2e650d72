"""Subcommands of the ``gallery`` verb."""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path

from reid_align.cli import OK, SOME_FAILED
from reid_align.cli.encoder_choice import select_encoder
from reid_align.cli.search_inputs import failed_images
from reid_align.csv_text import csv_text
from reid_align.errors import InvalidInputError
from reid_align.features import ExtractOptions, is_feature_file
from reid_align.galleries import (
    AddedRows,
    Gallery,
    add_feature_file,
    add_images,
    gallery_encoder,
)
from reid_align.images import find_images
from reid_align.progress import working
from reid_align.retrieval import read_metadata

_RECORDED = ("flip", "dtype")
_DEFAULTS = {"flip": False, "dtype": "float32"}


def add(args: Namespace) -> int:
    """Add images or feature files.

    Raises:
        InvalidInputError: images and feature files together, or options that do not apply.
    """
    table = read_metadata(args.metadata) if args.metadata else None
    tables = [name for name in args.inputs if is_feature_file(name)]
    if tables and len(tables) < len(args.inputs):
        raise InvalidInputError("Give either extracted features or images, not both.")
    if args.adapt:
        raise InvalidInputError(
            "--adapt: a gallery grows, and its encoder must stay the same. Adapt with extract, and "
            "add the .npy file."
        )
    options = ExtractOptions(
        args.device,
        args.dtype,
        args.batch_size,
        args.num_workers,
        args.flip,
        on_error=args.on_error,
        backend=args.backend,
    )
    # Before the gallery is created: wrong inputs leave no empty folder.
    paths = [] if tables else list(find_images(args.inputs))
    stored = Gallery.open(args.gallery)
    if tables:
        parts = [add_feature_file(stored, file, metadata=table, progress=True) for file in tables]
        done = AddedRows(sum(p.added for p in parts), sum(p.present for p in parts))
    else:
        chosen = args.model is not None or args.weights is not None
        _check_recorded(args, stored)
        encoder = None
        if chosen or not stored.description:
            encoder = select_encoder(args.model, args.weights, args.seed)
        encoder, options = gallery_encoder(stored, options, encoder)
        done = add_images(stored, paths, encoder, options, metadata=table, progress=True)
    present = f" ({done.present:,} were there already)" if done.present else ""
    print(
        f"Added {_count(done.added)}{present}; {args.gallery} has {len(stored):,}.",
        file=sys.stderr,
    )
    if done.failed:
        print(failed_images(done.failed), file=sys.stderr)
    return SOME_FAILED if done.failed else OK


def _check_recorded(args: Namespace, stored: Gallery) -> None:
    """Refuse options that the gallery records.

    Raises:
        InvalidInputError: such an option is given.
    """
    given = [name for name in _RECORDED if getattr(args, name) != _DEFAULTS[name]]
    if given and stored.description:
        raise InvalidInputError(
            f"--{given[0]}: {args.gallery} records how its features are computed, and new images "
            "are computed in the same way. Leave out this option."
        )


def remove(args: Namespace) -> int:
    """Remove rows."""
    stored = _existing(args)
    removed = stored.remove(args.where)
    print(f"Removed {_count(removed)}; {args.gallery} has {len(stored):,}.", file=sys.stderr)
    return OK


def list_rows(args: Namespace) -> int:
    """Print the rows as CSV."""
    stored = _existing(args)
    stored.count(args.where)  # An invalid filter prints no header.
    names = list(stored.columns)
    print(csv_text([["path", *names]]), end="")
    for row in stored.rows(args.where):
        print(csv_text([[row.path, *(row.metadata[name] for name in names)]]), end="")
    return OK


def info(args: Namespace) -> int:
    """Print what a gallery contains."""
    stored = _existing(args)
    description = stored.description
    weights = description.get("weights")
    found = {
        "rows": len(stored),
        "feature_dim": stored.feature_dim,
        "columns": stored.columns,
        "model": description.get("model"),
        "weights": weights.get("name") if isinstance(weights, Mapping) else None,
        "digest": stored.digest or None,
        "bytes": _bytes(args.gallery),
    }
    if args.json:
        print(json.dumps(found, indent=1))
        return OK
    columns = ", ".join(f"{name} ({kind})" for name, kind in stored.columns.items())
    print(f"rows      {len(stored):,} of {stored.feature_dim or 0:,} dimensions")
    print(f"columns   path (str){', ' * bool(columns)}{columns}")
    print(f"encoder   {found['model'] or 'not recorded'}, weights {found['weights'] or 'unknown'}")
    print(f"digest    {stored.digest or 'unknown'}")
    print(f"on disk   {_bytes(args.gallery) / 1e6:,.1f} MB")
    return OK


def index(args: Namespace) -> int:
    """Build the index."""
    stored = _existing(args)
    with working("building the index"):
        stored.build_index()
    return OK


def compact(args: Namespace) -> int:
    """Merge small files and delete old versions."""
    stored = _existing(args)
    before = _bytes(args.gallery)
    with working("compacting"):
        stored.compact(args.keep_days)
    after = _bytes(args.gallery)
    print(f"{before / 1e6:,.1f} MB before, {after / 1e6:,.1f} MB now.", file=sys.stderr)
    return OK


def _count(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


def _existing(args: Namespace) -> Gallery:
    return Gallery.open(args.gallery, create=False)


def _bytes(folder: str) -> int:
    files = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return sum(file.stat().st_size for file in files if file.exists())


COMMANDS: Mapping[str, Callable[[Namespace], int]] = {
    "add": add,
    "remove": remove,
    "list": list_rows,
    "info": info,
    "index": index,
    "compact": compact,
}
