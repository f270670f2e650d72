"""Pairs of images and textures, listed in a CSV file."""

import csv
import os
from pathlib import Path

from reid_align.batches.sources.file_source import FileSource
from reid_align.batches.sources.texture_mask import read_mask
from reid_align.batches.sources.training_source import CompanionKind
from reid_align.datasets.dataset_files import absolute, require_files, shown
from reid_align.datasets.folder_layout import describe
from reid_align.errors import DatasetFormatError, DatasetNotFoundError

_REQUIRED: frozenset[str] = frozenset({"image", "texture"})
_OPTIONAL: tuple[CompanionKind, ...] = ("frontal", "iuv")


class PairsSource(FileSource):
    """Paired data: images without identities, each with its texture.

    Reads a list of SAN's Paired-Image-Texture archive, and ``pairs.csv`` as written by
    ``python -m reid_align.synthesize --format folders``. Do not mirror textures of an atlas that
    is not symmetric, such as SMPL's in that archive: use ``flip_target="keep"`` or no flip.

    Args:
        path: CSV file with the columns ``image``, ``texture`` and optionally ``frontal`` and
            ``iuv``: paths relative to its folder. If that folder contains ``texture_mask.png``,
            only its white texels are valid.

    Raises:
        DatasetNotFoundError: the file does not exist.
        DatasetFormatError: a column or value is missing, the list is empty, or files are missing.
    """

    advice = "Add the column to the CSV file."

    def __init__(self, path: str | os.PathLike[str]) -> None:
        listed = absolute(path)
        columns = _read(listed)
        folder = os.path.dirname(listed)
        files = {
            name: [os.path.join(folder, value) for value in values]
            for name, values in columns.items()
        }
        for name, paths in files.items():
            require_files(f"{name} of paired data", paths, listed)
        images, texture = files["image"], files["texture"]
        unlabeled = [-1] * len(images)
        companions: dict[CompanionKind, list[str]] = {"texture": texture}
        companions |= {name: files[name] for name in _OPTIONAL if name in files}
        super().__init__(
            f"pairs in {os.path.basename(listed)}",
            folder,
            images,
            unlabeled,
            unlabeled,
            companions,
            read_mask(Path(folder)),
        )


def _read(path: str) -> dict[str, list[str]]:
    """Return the values of every known column."""
    if not os.path.isfile(path):
        raise DatasetNotFoundError(
            "pairs", shown(path), "a CSV file", describe(path), "Pass the path of the CSV file."
        )
    # utf-8-sig: spreadsheets put a byte order mark in front of the first column's name.
    with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        reader = csv.DictReader(file, strict=True, skipinitialspace=True)
        try:
            columns, rows = list(reader.fieldnames or ()), list(reader)
        except csv.Error as error:
            raise DatasetFormatError(f"{shown(path)} is not a valid CSV file: {error}.") from error
    known = [name for name in columns if name in _REQUIRED.union(_OPTIONAL)]
    if not _REQUIRED.issubset(known) or not rows:
        raise DatasetFormatError(
            f"{shown(path)} has {len(rows)} rows and the columns {columns}. Required: image and "
            "texture, and at least one row. Optional: frontal and iuv."
        )
    empty = [number for number, row in enumerate(rows, 2) if not all(row[name] for name in known)]
    if empty:
        raise DatasetFormatError(
            f"{shown(path)}: {len(empty)} rows lack a value; the first is row {empty[0]}. Give a "
            f"file for each of {', '.join(known)}."
        )
    return {name: [row[name] for row in rows] for name in known}
