"""Tracklets and identities of image paths: from a CSV file, a pattern or the folders."""

import csv
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.csv_text import column_list
from reid_align.errors import InvalidInputError
from reid_align.images.path_pattern import match_paths

GROUPS = ("track", "person_id")
_JUNK = "-1"


@dataclass(frozen=True, eq=False)
class ImageGroups:
    """Tracklet and identity of N images; None if unknown.

    Attributes:
        track_names: tracklet of each image; "" for none.
        tracks: the same as numbers, (N,) int64; -1 for none.
        person_ids: identity of each image as a number, (N,) int64; -1 for unknown or junk.
    """

    track_names: tuple[str, ...] | None
    tracks: NDArray[np.int64] | None
    person_ids: NDArray[np.int64] | None

    @property
    def description(self) -> str:
        """What is clustered: "1,200 tracklets", or "no tracklets"."""
        if self.tracks is None:
            return "no tracklets"
        named = self.tracks[self.tracks >= 0]
        return f"{len(np.unique(named)):,} tracklets of {len(named):,} images"

    @classmethod
    def of(cls, tracks: Sequence[str] | None, people: Sequence[str] | None) -> "ImageGroups":
        """Number names; "" is none, and the identity "-1" is junk."""
        names = None if tracks is None else tuple(tracks)
        return cls(
            names,
            None if names is None else _numbers(names),
            None if people is None else _numbers("" if p == _JUNK else p for p in people),
        )


def groups_of_folders(paths: Sequence[str]) -> ImageGroups:
    """Use the folder of each image as its tracklet."""
    return ImageGroups.of([os.path.dirname(path) or os.curdir for path in paths], None)


def groups_of_pattern(paths: Sequence[str], pattern: str) -> ImageGroups:
    """Read tracklets and identities from paths.

    Args:
        paths: image paths; searched with forward slashes.
        pattern: regular expression with the named groups ``track`` or ``person_id``, or both.

    Raises:
        InvalidInputError: an invalid pattern, another group, or a path that does not match.
    """
    advice = f"Name its groups {' or '.join(GROUPS)}, as in (?P<person_id>\\d+)_."
    found = match_paths(pattern, paths, GROUPS, advice)
    return ImageGroups.of(found.get("track"), found.get("person_id"))


def groups_of_table(paths: Sequence[str], file: str | os.PathLike[str]) -> ImageGroups:
    """Read tracklets and identities from a UTF-8 CSV file.

    Columns: path, absolute or relative to the CSV file, and track or person_id, or both. Other
    columns are ignored. Images that are not listed have no tracklet and no identity.

    Raises:
        InvalidInputError: the file cannot be read, lacks a column, lists an image twice, or lists
            none of the images.
    """
    folder = os.path.dirname(os.path.abspath(file))
    rows: dict[str, dict[str, str | None]] = {}
    try:
        with open(file, newline="", encoding="utf-8-sig", errors="surrogateescape") as lines:
            reader = csv.DictReader(lines, skipinitialspace=True, strict=True)
            columns = set(reader.fieldnames or ())
            if "path" not in columns or not columns & set(GROUPS):
                raise InvalidInputError(
                    f"{file} has the columns {column_list(reader.fieldnames or ())}. Give path, "
                    "and track or person_id."
                )
            for row in reader:
                key = os.path.realpath(os.path.join(folder, row["path"] or ""))
                if key in rows:
                    raise InvalidInputError(f"{file} lists {row['path']} twice. Keep one.")
                rows[key] = row
    except (OSError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(f"Cannot read {file}: {reason}.") from error
    found = [rows.get(os.path.realpath(path), {}) for path in paths]
    if not any(found):
        raise InvalidInputError(
            f"{file} lists none of the {len(paths):,} images (first image: {paths[0]}). Its paths "
            "are relative to the CSV file."
        )
    names = (
        [(row.get(column) or "").strip() for row in found] if column in columns else None
        for column in GROUPS
    )
    return ImageGroups.of(*names)


def _numbers(names: Iterable[str]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array(
        [numbers.setdefault(name, len(numbers)) if name else -1 for name in names], np.int64
    )
