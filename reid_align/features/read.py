"""Read back what extraction wrote."""

import csv
import json
from collections.abc import Iterator, Mapping
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from reid_align.errors import OutputError, ReidAlignError
from reid_align.features.batches import FailedImage
from reid_align.features.extract import Features
from reid_align.features.formats import Json, first_difference

# What may differ between features that can be compared: which images they are of.
_IMAGES = frozenset({"shard", "images", "listing_sha256", "rows", "failed"})


def read_features(*files: str | PathLike[str]) -> Features:
    """Read one ``feats.npy`` with its table and description, or several made in the same way.

    A single file is memory-mapped; several, such as the shards of one run, are joined in the order
    given.

    Args:
        files: the ``.npy`` files; the ``.csv`` and ``.json`` of each lie beside it.

    Raises:
        OutputError: a file is missing or broken, the three disagree, files were made by different
            encoders or settings, or no file was given.
    """
    if not files:
        raise OutputError("No features to read: name at least one .npy file.")
    first, *others = (Path(fspath(file)) for file in files)
    parts = [_read_one(file) for file in (first, *others)]
    if not others:
        return parts[0]
    for other in others:
        _require_same_making(first, other)
    return Features(
        np.concatenate([part.values for part in parts]),
        tuple(path for part in parts for path in part.paths),
        tuple(failure for part in parts for failure in part.failed),
    )


def read_description(file: str | PathLike[str]) -> dict[str, Json]:
    """Return what the ``.json`` beside a ``.npy`` says of how its features were made.

    Raises:
        OutputError: it is missing or broken.
    """
    path = Path(fspath(file)).with_suffix(".json")
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise OutputError(f"Cannot read {path}: {error}. Extract the features again.") from error


def _require_same_making(first: Path, other: Path) -> None:
    one, two = read_description(first), read_description(other)
    differing = _IMAGES
    if one.get("adapted") and one.get("listing_sha256") == two.get("listing_sha256"):
        # Adapted to the same images, networks of two machines differ in their last bits.
        differing |= {"state_sha256"}
    one, two = (
        {key: value for key, value in each.items() if key not in differing} for each in (one, two)
    )
    if key := first_difference(one, two) or first_difference(two, one):
        raise OutputError(
            f"{first} was made with {key} {one.get(key)!r}, {other} with {two.get(key)!r}: their "
            "features cannot be compared. Extract both with the same encoder and settings."
        )


def _failed(entries: Json) -> Iterator[FailedImage]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping):
            yield FailedImage(str(entry["path"]), str(entry["error"]))


def _read_one(file: Path) -> Features:
    try:
        values = np.lib.format.open_memmap(file, mode="r")
        table = file.with_suffix(".csv")
        with open(table, newline="", encoding="utf-8", errors="surrogateescape") as lines:
            paths = tuple(row["path"] for row in csv.DictReader(lines))
        description = read_description(file)
        failed = tuple(_failed(description["failed"]))
        described = (description["rows"], description["feature_dim"])
    except ReidAlignError:
        raise
    # A damaged header makes NumPy raise nearly anything: SyntaxError, TokenError, ValueError ...
    except Exception as error:
        raise OutputError(
            f"Cannot read {file} with its .csv and .json: {error}. Extract the features again."
        ) from error
    if values.shape != described or len(values) != len(paths):
        raise OutputError(
            f"{file} has the shape {values.shape}, its .csv names {len(paths)} images and its "
            f".json the shape {described}: they are not of one run. Extract the features again."
        )
    return Features(values, paths, failed)
