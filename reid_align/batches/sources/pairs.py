"""Images and their textures, listed in a CSV file."""

import csv
import os
from pathlib import Path

from reid_align.batches.sources.base import Extra
from reid_align.batches.sources.files import FileSource
from reid_align.batches.sources.masks import read_mask
from reid_align.datasets.files import absolute, require_files, shown
from reid_align.datasets.layout import describe
from reid_align.errors import DatasetFormatError, DatasetNotFoundError

_REQUIRED: frozenset[str] = frozenset({"image", "texture"})
_OPTIONAL: tuple[Extra, ...] = ("frontal", "iuv")


class PairsSource(FileSource):
    """Paired data: images of nobody in particular, and the texture that each one shows.

    This reads the archive of SAN's Paired-Image-Texture data, and any other, by a list of it; and
    ``pairs.csv``, which ``python -m reid_align.synthesize --format folders`` writes. Textures of an
    atlas that is not symmetric, SMPL's in that archive, must not be mirrored with their images:
    ``flip_target="keep"`` or no flip at all.

    Args:
        path: a CSV file with the columns ``image``, ``texture`` and, if there are such files,
            ``frontal`` and ``iuv``: paths relative to its folder. If ``texture_mask.png`` lies
            there, only its white texels count.

    Raises:
        DatasetNotFoundError: there is no such file.
        DatasetFormatError: it lacks a column or a value, lists nothing, or files are missing.
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
        nobody = [-1] * len(images)
        extras: dict[Extra, list[str]] = {"texture": texture}
        extras |= {name: files[name] for name in _OPTIONAL if name in files}
        super().__init__(
            f"pairs in {os.path.basename(listed)}",
            folder,
            images,
            nobody,
            nobody,
            extras,
            read_mask(Path(folder)),
        )


def _read(path: str) -> dict[str, list[str]]:
    """Return the values of every known column."""
    if not os.path.isfile(path):
        raise DatasetNotFoundError("pairs", shown(path), "a CSV file", describe(path))
    # utf-8-sig: spreadsheets put a byte order mark in front of the first column's name.
    with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        reader = csv.DictReader(file, strict=True, skipinitialspace=True)
        try:
            columns, rows = list(reader.fieldnames or ()), list(reader)
        except csv.Error as error:
            raise DatasetFormatError(f"{shown(path)} is no CSV file: {error}.") from error
    known = [name for name in columns if name in _REQUIRED.union(_OPTIONAL)]
    if not _REQUIRED.issubset(known) or not rows:
        raise DatasetFormatError(
            f"{shown(path)} has {len(rows)} rows and the columns {columns}. Needed are image and "
            "texture, possible are frontal and iuv, and at least one row."
        )
    empty = [number for number, row in enumerate(rows, 2) if not all(row[name] for name in known)]
    if empty:
        raise DatasetFormatError(
            f"{shown(path)}: {len(empty)} rows lack a value, the first is row {empty[0]}. Give a "
            f"file for each of {', '.join(known)}."
        )
    return {name: [row[name] for row in rows] for name in known}
