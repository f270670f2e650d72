"""Reader of ``feats.npy`` with its ``.csv`` and ``.json``."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import cast

import numpy as np

from reid_align.errors import OutputError
from reid_align.features.feature_digest import feature_digest
from reid_align.features.feature_files import Json, first_difference
from reid_align.features.feature_matrix import Features
from reid_align.features.image_batches import FailedImage
from reid_align.features.parquet_features import read_parquet_description, read_parquet_features
from reid_align.images.image_addresses import is_parquet
from reid_align.typed_reading import read_object, read_record

# Settings that describe the images; they may differ between comparable features.
_IMAGES = frozenset(
    {"shard", "images", "listing_sha256", "rows", "failed", "units", "failed_images"}
)
_HEADER = ["row", "path"]


def read_features(*files: str | PathLike[str]) -> Features:
    """Read ``feats.npy`` with its ``.csv`` and ``.json``, or ``feats.parquet``, or join several.

    A single ``.npy`` file is memory-mapped; a ``.parquet`` folder is read into memory. The values
    of a ``.npy`` file may also be float16, to save space, and its ``.csv`` may have further columns
    after ``path``: the metadata of a gallery. Several files, such as the shards of one run, are
    joined in the given order.

    Args:
        files: ``.npy`` files, with ``.csv`` and ``.json`` in the same folder, or ``.parquet``
            folders, also at a URL.

    Raises:
        OutputError: no file is given, a file is missing or damaged, the three disagree, or the
            files were made with different encoders or settings, or are shards of different image
            lists.
    """
    if not files:
        raise OutputError("No file given. Give at least one .npy file.")
    first, *others = (fspath(file) for file in files)
    parts = [_read_one(file) for file in (first, *others)]
    if not others:
        return parts[0]
    for other in others:
        require_same_settings(first, other)
    require_same_images([first, *others])
    return Features(
        np.concatenate([part.values for part in parts]),
        tuple(path for part in parts for path in part.paths),
        tuple(failure for part in parts for failure in part.failed),
        parts[0].digest,
    )


def read_description(file: str | PathLike[str]) -> dict[str, Json]:
    """Return how features were computed: the ``.json``, or the record of a Parquet folder.

    Raises:
        OutputError: the ``.json`` is missing or damaged.
    """
    if is_parquet(fspath(file)):
        return read_parquet_description(fspath(file))
    path = Path(fspath(file)).with_suffix(".json")
    try:
        return dict(cast(Mapping[str, Json], read_object(json.loads(path.read_text("utf-8")))))
    except (OSError, ValueError, RecursionError) as error:
        raise OutputError(f"Cannot read {path}: {error}. Extract the features again.") from error


def is_feature_file(name: str | PathLike[str]) -> bool:
    """Return whether a name is one of stored features: ``.npy`` or ``.parquet``."""
    return fspath(name).endswith(".npy") or is_parquet(fspath(name))


def require_same_settings(first: str, other: str) -> None:
    """Refuse files of different encoders or options; raise OutputError."""
    one, two = read_description(first), read_description(other)
    differing = _IMAGES
    if one.get("adapted") and one.get("listing_sha256") == two.get("listing_sha256"):
        # Networks adapted to the same images on two machines differ in their last bits.
        differing |= {"state_sha256"}
    one, two = (
        {key: value for key, value in each.items() if key not in differing} for each in (one, two)
    )
    if key := first_difference(one, two) or first_difference(two, one):
        raise OutputError(
            f"{first} and {other} cannot be joined: {key} is {one.get(key)!r} in the first and "
            f"{two.get(key)!r} in the second. Extract both with the same encoder and settings."
        )


def require_same_images(files: Sequence[str]) -> None:
    """Refuse incomplete shards of different image lists: images may be missing or double."""
    shards: dict[tuple[Json, str], set[str]] = defaultdict(set)
    for file in files:
        description = read_description(file)
        index, _, count = str(description.get("shard", "0/1")).partition("/")
        if count != "1":
            shards[str(description.get("listing_sha256")), count].add(index)
    if len(shards) < 2:
        return
    for (_, count), indices in shards.items():
        if str(len(indices)) != count:
            raise OutputError(
                f"{', '.join(map(str, files))} are shards of different image lists, and not all "
                "shards of each list are given. Images were added or removed between the "
                "extractions. Extract all shards again."
            )


@dataclass(frozen=True)
class _Contents:
    """The checked part of ``feats.json``."""

    rows: int
    feature_dim: int
    failed: tuple[FailedImage, ...]


def _read_paths(table: Path) -> Iterator[str]:
    with open(table, newline="", encoding="utf-8", errors="surrogateescape") as lines:
        rows = csv.reader(lines, strict=True)
        header = next(rows, [])
        if header[: len(_HEADER)] != _HEADER:
            raise ValueError(f"{table.name} does not start with {','.join(_HEADER)}")
        for number, row in enumerate(rows):
            if len(row) != len(header) or row[0] != str(number):
                raise ValueError(f"{table.name}: row {number} is damaged")
            yield row[1]


def _read_one(name: str) -> Features:
    if is_parquet(name):
        return read_parquet_features(name)
    file = Path(name)
    try:
        values = np.lib.format.open_memmap(file, mode="r")
        if values.dtype not in (np.float32, np.float16):
            raise ValueError(f"its dtype is {values.dtype}, expected float32 or float16")
        paths = tuple(_read_paths(file.with_suffix(".csv")))
        description = read_description(file)
        fields = ("rows", "feature_dim", "failed")
        contents = read_record(_Contents, {key: description[key] for key in fields})
        digest = str(description.get("digest") or feature_digest(description))
        described = (contents.rows, contents.feature_dim)
    except OutputError:
        raise
    except FileNotFoundError as error:
        raise OutputError(
            f"Cannot read {error.filename}: no such file. Features are three files of one name: "
            ".npy, .csv and .json. Give the .npy that extract wrote, or extract the features again."
        ) from error
    # NumPy raises many types for a damaged header: SyntaxError, TokenError, ValueError …
    except Exception as error:
        raise OutputError(
            f"Cannot read {file} with its .csv and .json: {error}. Extract the features again."
        ) from error
    if values.shape != described or len(values) != len(paths):
        raise OutputError(
            f"{file} has shape {values.shape}, but its .csv lists {len(paths)} images and its "
            f".json says shape {described}: the files are from different runs. Extract the "
            "features again."
        )
    return Features(values, paths, contents.failed, digest)
