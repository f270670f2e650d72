"""How the pieces of an extraction's output are written: array, table and description."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np

from reid_align.errors import OutputError, ReidAlignError

Json: TypeAlias = "bool | int | float | str | list[Json] | Mapping[str, Json] | None"

CSV_HEADER = b"row,path\n"


def write_array_header(file: BinaryIO, rows: int, feature_dim: int) -> None:
    """Write the ``.npy`` header of (rows, feature_dim) float32 where the file stands.

    NumPy pads this header so that the number of rows can grow in place.
    """
    header = {"descr": "<f4", "fortran_order": False, "shape": (rows, feature_dim)}
    np.lib.format.write_array_header_1_0(file, header)


def csv_line(row: int, path: str) -> bytes:
    """Return one line of the table; a name that is not UTF-8 keeps its bytes."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow((row, path))
    return text.getvalue().encode("utf-8", "surrogateescape")


def json_line(content: Json) -> bytes:
    """Return JSON on one line; text beyond ASCII is escaped, so any name survives."""
    return json.dumps(content).encode() + b"\n"


def write_json(path: Path, content: Json) -> None:
    """Write JSON for people, so that the file is there whole or not at all."""
    beside = path.with_name(f"{path.name}.part")
    beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


@contextmanager
def naming_output(path: Path) -> Iterator[None]:
    """Turn the operating system's errors into OutputError with the output's name."""
    try:
        yield
    except ReidAlignError:
        raise
    except OSError as error:
        raise OutputError(
            f"Cannot write {path}: {error.strerror or error}. Nothing that was done is lost: once "
            "that is mended, run the same command with --resume."
        ) from error
