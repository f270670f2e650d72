"""Metadata of images: columns such as camera, time and track from a CSV file."""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reid_align.csv_text import column_list
from reid_align.errors import InvalidInputError
from reid_align.retrieval.image_files import ImageFile

# One value per image; None: unknown.
Columns: TypeAlias = Mapping[str, tuple[str | None, ...]]

PATH, ROW = "path", "row"
_ALTERNATIVES = {"camera": "camera_id", "track": "track_id"}


@dataclass(frozen=True, eq=False)
class MetadataTable:
    """A CSV file with a column ``path`` and one row per image.

    Attributes:
        file: the CSV file.
        names: the other columns.
        rows: the values of each image, by path as written in the file.
    """

    file: str
    names: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str | None]]

    def columns_of(self, images: Sequence[ImageFile]) -> dict[str, tuple[str | None, ...]]:
        """Return the values of images, in order; None for images that the file does not list.

        An image is found by its path as recorded, or by the absolute path of its file.
        """
        absolute = {os.path.realpath(path): row for path, row in self.rows.items()}
        nothing: Mapping[str, str | None] = {}
        found = [
            self.rows.get(image.path) or absolute.get(os.path.realpath(image.file)) or nothing
            for image in images
        ]
        return {name: tuple(row.get(name) for row in found) for name in self.names}


def read_metadata(file: str | os.PathLike[str]) -> MetadataTable:
    """Read a CSV file with a column ``path``; empty cells are None. Ignores a column ``row``.

    Paths are relative to the working directory, as in ``feats.csv``.

    Raises:
        InvalidInputError: the file cannot be read, has no column ``path``, has a row with another
            number of values, or lists a path twice.
    """
    name = os.fspath(file)
    try:
        with open(file, newline="", encoding="utf-8-sig", errors="surrogateescape") as lines:
            reader = csv.reader(lines, strict=True)
            header = [column.strip() for column in next(reader, [])]
            rows = [row for row in reader if row]
    except (OSError, csv.Error) as error:
        raise InvalidInputError(
            f"Cannot read the metadata {name}: {getattr(error, 'strerror', None) or error}."
        ) from error
    if PATH not in header or len(set(header)) < len(header):
        raise InvalidInputError(
            f"{name} has the columns {column_list(header)}. Metadata needs a column "
            "'path', and each column once."
        )
    found: dict[str, Mapping[str, str | None]] = {}
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise InvalidInputError(
                f"{name}: row {number} has {len(row)} values for {len(header)} columns."
            )
        cells = dict(zip(header, row, strict=True))
        path = cells.pop(PATH)
        cells.pop(ROW, None)
        if path in found:
            raise InvalidInputError(f"{name} lists {path} twice. Keep one row per image.")
        found[path] = {key: value.strip() or None for key, value in cells.items()}
    return MetadataTable(name, tuple(c for c in header if c not in (PATH, ROW)), found)


def column(columns: Columns, name: str) -> tuple[str | None, ...]:
    """Return a column; ``camera`` and ``track`` may also be named ``camera_id``, ``track_id``.

    Raises:
        InvalidInputError: there is no such column; names the columns that exist.
    """
    for key in (name, _ALTERNATIVES.get(name, name)):
        if key in columns:
            return columns[key]
    raise InvalidInputError(
        f"The gallery has no column {name!r}. Its columns: {', '.join(columns) or 'none'}. Give "
        "them in a CSV file with the column 'path', or as further columns of feats.csv."
    )


def join_columns(first: Columns, second: Columns) -> dict[str, tuple[str | None, ...]]:
    """Join two sets of columns; the values of the second win where it has one."""
    joined = dict(first)
    for name, values in second.items():
        before: Iterable[str | None] = first.get(name, (None,) * len(values))
        joined[name] = tuple(
            old if new is None else new for old, new in zip(before, values, strict=True)
        )
    return joined
