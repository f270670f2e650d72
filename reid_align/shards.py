"""Shard file of a large generated set: tables with random access, written atomically.

A shard is a safetensors file. A column of numbers is a tensor ``table/column``. A column of files
(JPEG, PNG) is stored as their concatenated bytes ``table/column:bytes`` and the start and end
positions ``table/column:offsets``. Rows are read individually; the file length reveals truncation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from reid_align.errors import DatasetFormatError, InvalidInputError
from reid_align.files import replace_file, writing

FORMAT = 1
_RESUME_ADVICE = "Files written before are complete; rerun the command to continue."
Column = NDArray[np.generic]


@dataclass(frozen=True)
class Table:
    """Rows of numbers and files.

    Args:
        columns: arrays (N, ...) of any numeric dtype.
        files: columns of N files each.

    Raises:
        InvalidInputError: there is no column, or lengths differ.
    """

    columns: Mapping[str, Column] = field(default_factory=dict)
    files: Mapping[str, Sequence[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {name: len(values) for name, values in self.columns.items()}
        lengths |= {name: len(files) for name, files in self.files.items()}
        if len(set(lengths.values())) != 1:
            raise InvalidInputError(
                f"A table needs columns of equal length, but got {lengths or 'no column'}."
            )


def write_shard(path: Path, tables: Mapping[str, Table]) -> None:
    """Write one shard atomically.

    Raises:
        OutputError: the file cannot be written; an existing file is unchanged.
    """
    tensors: dict[str, Column] = {}
    for table, content in tables.items():
        for name, values in content.columns.items():
            tensors[f"{table}/{name}"] = np.ascontiguousarray(values)
        for name, files in content.files.items():
            offsets = np.cumsum([0, *(len(data) for data in files)], dtype=np.int64)
            tensors[f"{table}/{name}:bytes"] = np.frombuffer(b"".join(files), np.uint8)
            tensors[f"{table}/{name}:offsets"] = offsets
    with writing(path, _RESUME_ADVICE):
        replace_file(path, save(tensors, {"format": str(FORMAT)}))


class ShardFile:
    """A shard opened for reading; rows are read on access.

    Raises:
        DatasetFormatError: the file is truncated, or is not a shard of this format.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = safe_open(path, "np")
            self._names = frozenset(self._file.keys())
            version = (self._file.metadata() or {}).get("format")
        except (OSError, SafetensorError) as error:
            raise DatasetFormatError(
                f"{path}: not a complete shard ({error}). Rerun the command that wrote the set to "
                "write this shard again."
            ) from error
        if version != str(FORMAT):
            raise DatasetFormatError(
                f"{path}: shard format {version}, but this version reads format {FORMAT}. "
                "Generate the set again, or read it with the version that wrote it."
            )

    def length(self, table: str) -> int:
        """Return the number of rows of a table."""
        rows: set[int] = set()
        for name in self._names:
            if name.startswith(f"{table}/") and not name.endswith(":bytes"):
                extra = 1 if name.endswith(":offsets") else 0
                rows.add(self._file.get_slice(name).get_shape()[0] - extra)
        if len(rows) != 1:
            raise DatasetFormatError(f"{self.path}: no table {table!r}.")
        return rows.pop()

    def column(self, table: str, name: str) -> Column:
        """Read a column of numbers, (N, ...)."""
        return np.asarray(self._file.get_tensor(self._existing(f"{table}/{name}")))

    def file(self, table: str, name: str, row: int) -> bytes:
        """Read the file in one row."""
        offsets = self._file.get_slice(self._existing(f"{table}/{name}:offsets"))
        count = offsets.get_shape()[0] - 1
        if not 0 <= row < count:
            raise InvalidInputError(
                f"{self.path}: row {row} of {table!r} is out of range; it has {count} rows."
            )
        start, stop = (int(value) for value in offsets[row : row + 2])
        data = self._file.get_slice(f"{table}/{name}:bytes")[start:stop]
        return np.asarray(data, np.uint8).tobytes()

    def _existing(self, name: str) -> str:
        if name not in self._names:
            raise DatasetFormatError(
                f"{self.path}: no column {name!r}. Columns: {', '.join(sorted(self._names))}."
            )
        return name
