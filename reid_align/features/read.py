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
from reid_align.features.formats import Json


def read_features(*files: str | PathLike[str]) -> Features:
    """Read one ``feats.npy`` with its table and description, or the shards of one run.

    A single file is memory-mapped; several are joined in the order given.

    Args:
        files: the ``.npy`` files; the ``.csv`` and ``.json`` of each lie beside it.

    Raises:
        OutputError: a file is missing or broken, the three disagree, or no file was given.
    """
    if not files:
        raise OutputError("No features to read: name at least one .npy file.")
    parts = [_read_one(Path(fspath(file))) for file in files]
    if len(parts) == 1:
        return parts[0]
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
        failed, rows = tuple(_failed(description["failed"])), description["rows"]
    except ReidAlignError:
        raise
    # A damaged header makes NumPy raise nearly anything: SyntaxError, TokenError, ValueError ...
    except Exception as error:
        raise OutputError(
            f"Cannot read {file} with its .csv and .json: {error}. Extract the features again."
        ) from error
    if values.ndim != 2 or not len(values) == len(paths) == rows:
        raise OutputError(
            f"{file} has the shape {values.shape}, its .csv names {len(paths)} images and its "
            f".json {rows}: they are not of one run. Extract the features again."
        )
    return Features(values, paths, failed)
