"""A list of images in a CSV file."""

import csv
import os
from collections import Counter

from reid_align.datasets.base import ReidDataset
from reid_align.datasets.files import absolute, require_files, shown
from reid_align.datasets.layout import describe
from reid_align.datasets.loader import DatasetLoader, register
from reid_align.datasets.own import PARTS, Entry, assemble
from reid_align.errors import DatasetFormatError, DatasetNotFoundError

_REQUIRED = {"path", "person_id"}
_ALLOWED = _REQUIRED | {"camera_id", "split"}


@register
class CsvDataset(DatasetLoader):
    """A UTF-8 CSV file with the columns path, person_id and, if wanted, camera_id and split.

    Paths are relative to the CSV file, or absolute. Ids may be any text; person -1 is junk and
    left out. ``split`` is train, query or gallery; without that column every image is query and
    gallery at once. A column of another name is an error, lest a misspelt camera_id go unnoticed.
    """

    name = "csv"
    title = "A CSV file"

    def load(self, root: str | os.PathLike[str]) -> ReidDataset:
        """Read the CSV file at ``root``, and check that its images are there."""
        path = absolute(root)
        if not os.path.isfile(path):
            raise DatasetNotFoundError(self.name, shown(path), "a CSV file", describe(path))
        try:
            entries = _read(path)
        except csv.Error as error:
            raise DatasetFormatError(f"{shown(path)} is no CSV file: {error}.") from error
        require_files(self.name, [entry.path for entry in entries], path)
        return assemble(self.name, path, entries)


def _read(path: str) -> list[Entry]:
    # utf-8-sig: spreadsheets put a byte order mark in front of the first column's name.
    with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        reader = csv.reader(file, strict=True, skipinitialspace=True)
        columns = next(reader, [])
        if not _REQUIRED <= set(columns) <= _ALLOWED or len(columns) > len(set(columns)):
            raise DatasetFormatError(
                f"{shown(path)} starts with the columns {columns}. Needed are path and person_id, "
                "possible are camera_id and split, each once and separated by commas; rename or "
                "remove the others."
            )
        entries = [_entry(columns, row, f"{path}:{reader.line_num}") for row in reader if row]
    counts = Counter((entry.path, entry.part) for entry in entries)
    for (listed, _), count in counts.items():
        if count > 1:
            raise DatasetFormatError(
                f"{shown(path)} lists {shown(listed)} {count} times: keep one."
            )
    return entries


def _entry(columns: list[str], row: list[str], where: str) -> Entry:
    cells = dict(zip(columns, row, strict=False))
    part = cells.get("split")
    if len(row) != len(columns) or not cells["path"] or not cells["person_id"]:
        raise DatasetFormatError(
            f"{shown(where)} has the values {row}: give one value for each of the columns "
            f"{columns}, and no empty path or person_id."
        )
    if part is not None and part not in PARTS:
        raise DatasetFormatError(
            f"{shown(where)} has the split {part!r}: write one of {', '.join(PARTS)}, or leave "
            "the whole column out."
        )
    path = os.path.join(os.path.dirname(where), cells["path"])
    return Entry(path, cells["person_id"], cells.get("camera_id") or None, part)
