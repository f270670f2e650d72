"""Format of ``feats.npy``, ``feats.csv`` and ``feats.json``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np

from reid_align.csv_text import csv_text
from reid_align.files import replace_file

Json: TypeAlias = "bool | int | float | str | list[Json] | Mapping[str, Json] | None"

CSV_HEADER = b"row,path\n"


def first_difference(before: Mapping[str, Json], now: Mapping[str, Json]) -> str | None:
    """Return the first setting that differs and would change the features, or None.

    Ignores the name of the weights, because the same file can have several paths, and the digest,
    which follows from the other settings and is missing in files of earlier versions.
    """
    compared = (key for key in now if key not in ("weights", "digest"))
    return next((key for key in compared if before.get(key) != now[key]), None)


def write_array_header(file: BinaryIO, rows: int, feature_dim: int) -> None:
    """Write the ``.npy`` header of a (rows, feature_dim) float32 array at the file's position.

    NumPy pads this header so that the number of rows can grow in place.
    """
    header = {"descr": "<f4", "fortran_order": False, "shape": (rows, feature_dim)}
    np.lib.format.write_array_header_1_0(file, header)


def csv_line(row: int, path: str) -> bytes:
    """Return one line of the table; a name that is not UTF-8 keeps its bytes."""
    return csv_text([(row, path)]).encode("utf-8", "surrogateescape")


def json_line(content: Json) -> bytes:
    """Return JSON on one line; non-ASCII text is escaped, so any file name survives."""
    return json.dumps(content).encode() + b"\n"


def write_json(path: Path, content: Json) -> None:
    """Write indented JSON atomically."""
    replace_file(path, json.dumps(content, indent=1).encode() + b"\n")
