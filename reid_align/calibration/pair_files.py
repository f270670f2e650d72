"""Labeled pairs in a CSV file with the columns path_a, path_b and same."""

import csv
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reid_align.calibration.labeled_pairs import LabeledPairs, pair_distances
from reid_align.errors import InvalidInputError
from reid_align.features import Features

COLUMNS = ("path_a", "path_b", "same")
_SAME = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


class NamedPair(NamedTuple):
    """Two images and whether they show the same identity."""

    first: str
    second: str
    same: bool


def read_pairs(file: str | os.PathLike[str]) -> list[NamedPair]:
    """Read a UTF-8 CSV file of labeled pairs.

    Paths are absolute or relative to the CSV file. ``same`` is 1 or 0 (also yes, no, true, false).
    Other columns are ignored.

    Raises:
        InvalidInputError: the file cannot be read, lacks a column or has no pair; an image is
            missing or paired with itself; or a pair is listed twice.
    """
    folder = os.path.dirname(os.path.abspath(file))
    try:
        with open(file, newline="", encoding="utf-8-sig", errors="surrogateescape") as lines:
            reader = csv.DictReader(lines, skipinitialspace=True, strict=True)
            columns = reader.fieldnames or []
            if missing := [column for column in COLUMNS if column not in columns]:
                raise InvalidInputError(
                    f"{file} has the columns {list(columns)}. The column {missing[0]} is missing; "
                    f"give {', '.join(COLUMNS)}."
                )
            pairs = [_pair(row, folder, f"{file}:{reader.line_num}") for row in reader]
    except (OSError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(f"Cannot read {file}: {reason}.") from error
    if not pairs:
        raise InvalidInputError(f"{file} lists no pair. Give one pair of images per line.")
    listed: set[tuple[str, str]] = set()
    for pair in pairs:
        names = (min(pair[:2]), max(pair[:2]))
        if names in listed:
            raise InvalidInputError(
                f"{file} lists the pair {pair.first}, {pair.second} twice. Keep one."
            )
        listed.add(names)
    return pairs


def pairs_of_names(pairs: Sequence[NamedPair], features: Features) -> LabeledPairs:
    """Look up the distances of named pairs.

    The identities follow from the labels: images that pairs with the label "same" connect have one
    identity, and all others have different ones.

    Args:
        pairs: from `read_pairs`.
        features: features that contain every image under the path of the pairs.

    Raises:
        InvalidInputError: an image has no features, or a pair is labeled different although other
            pairs connect its images.
    """
    rows = {path: row for row, path in enumerate(features.paths)}
    for path in (path for pair in pairs for path in pair[:2]):
        if path not in rows:
            raise InvalidInputError(f"{path} has no features. Extract them, or remove the pair.")
    identities = _identities(pairs)
    for pair in pairs:
        if not pair.same and identities[pair.first] == identities[pair.second]:
            raise InvalidInputError(
                f"The pair {pair.first}, {pair.second} is labeled different, but other pairs "
                "label both images as the same identity. Correct the labels."
            )
    chosen = np.array([[rows[pair.first], rows[pair.second]] for pair in pairs], np.int64)
    numbers = np.array([[identities[name] for name in pair[:2]] for pair in pairs], np.int64)
    different = sum(not pair.same for pair in pairs)
    distances = pair_distances(features.values, chosen)
    return LabeledPairs(distances, numbers, len(identities), False, different)


def _pair(row: Mapping[str, str | None], folder: str, where: str) -> NamedPair:
    first, second, same = ((row[column] or "").strip() for column in COLUMNS)
    if not first or not second or same.lower() not in _SAME:
        raise InvalidInputError(
            f"{where} has path_a {first!r}, path_b {second!r} and same {same!r}. Give two paths, "
            "and 1 for the same identity or 0 for different ones."
        )
    paths = [os.path.normpath(os.path.join(folder, name)) for name in (first, second)]
    for path in paths:
        if not os.path.isfile(path):
            raise InvalidInputError(f"{where}: there is no file {path}. Correct the path.")
    if os.path.realpath(paths[0]) == os.path.realpath(paths[1]):
        raise InvalidInputError(f"{where} pairs {first} with itself. Remove the line.")
    return NamedPair(paths[0], paths[1], _SAME[same.lower()])


def _identities(pairs: Sequence[NamedPair]) -> dict[str, int]:
    """Number the groups of images that pairs of one identity connect."""
    parents = {path: path for pair in pairs for path in pair[:2]}

    def root(path: str) -> str:
        while parents[path] != path:
            parents[path] = parents[parents[path]]
            path = parents[path]
        return path

    for pair in pairs:
        if pair.same:
            parents[root(pair.second)] = root(pair.first)
    numbers: dict[str, int] = {}
    return {path: numbers.setdefault(root(path), len(numbers)) for path in parents}
