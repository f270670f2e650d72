"""Shard file of a large generated set: tables with random access, written atomically.

A shard is a safetensors file. A column of numbers is a tensor ``table/column``. A column of files
(JPEG, PNG) is stored as their concatenated bytes ``table/column:bytes`` and the start and end
positions ``table/column:offsets``. Rows are read individually; the file length reveals truncation.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
        self._offsets_of: dict[str, NDArray[np.int64]] = {}
        with self._reading():
            self._file = safe_open(path, "np")
            self._names = frozenset(self._file.keys())
            version = (self._file.metadata() or {}).get("format")
        if version != str(FORMAT):
            raise DatasetFormatError(
                f"{path}: shard format {version}, but this version reads format {FORMAT}. "
                "Generate the set again, or read it with the version that wrote it."
            )

    def length(self, table: str) -> int:
        """Return the number of rows of a table."""
        columns = [name for name in self._names if name.startswith(f"{table}/")]
        rows = {self._rows(name) for name in columns if not name.endswith(":bytes")}
        if not rows:
            raise DatasetFormatError(f"{self.path}: no table {table!r}.")
        if len(rows) > 1:
            raise self._damaged(f"the columns of table {table!r} have {sorted(rows)} rows")
        return rows.pop()

    def column(self, table: str, name: str) -> Column:
        """Read a column of numbers, (N, ...)."""
        key = self._existing(f"{table}/{name}")
        self._rows(key)
        return self._tensor(key)

    def file(self, table: str, name: str, row: int) -> bytes:
        """Read the file in one row."""
        offsets = self._offsets(f"{table}/{name}")
        count = len(offsets) - 1
        if not 0 <= row < count:
            raise InvalidInputError(
                f"{self.path}: row {row} of {table!r} is out of range; it has {count} rows."
            )
        start, stop = (int(value) for value in offsets[row : row + 2])
        with self._reading():
            data = self._file.get_slice(f"{table}/{name}:bytes")[start:stop]
        return np.asarray(data, np.uint8).tobytes()

    def _rows(self, name: str) -> int:
        if name.endswith(":offsets"):
            return len(self._offsets(name.removesuffix(":offsets"))) - 1
        shape = self._shape(name)
        if not shape:
            raise self._damaged(f"column {name!r} is a single number")
        return shape[0]

    def _offsets(self, name: str) -> NDArray[np.int64]:
        """Return the N + 1 positions of N files, checked against the number of bytes."""
        if name not in self._offsets_of:
            found = self._tensor(self._existing(f"{name}:offsets"))
            shape = self._shape(self._existing(f"{name}:bytes"))
            if found.dtype != np.int64 or found.ndim != 1 or not found.size:
                raise self._damaged(f"the offsets of {name!r} are not a list of int64 positions")
            offsets: NDArray[np.int64] = found.view(np.int64)
            if self._dtype(f"{name}:bytes") != "U8" or len(shape) != 1:
                raise self._damaged(f"the files of {name!r} are not bytes")
            # Compared, not subtracted: differences of int64 overflow.
            rising = bool((offsets[1:] >= offsets[:-1]).all())
            if offsets[0] != 0 or offsets[-1] != shape[0] or not rising:
                raise self._damaged(f"the offsets of {name!r} do not match its {shape[0]:,} bytes")
            self._offsets_of[name] = offsets
        return self._offsets_of[name]

    def _tensor(self, name: str) -> Column:
        with self._reading():
            tensor = np.asarray(self._file.get_tensor(name))
        # Packages that extend NumPy with other dtypes do not change what a set may contain.
        if tensor.dtype.kind not in "biuf":
            raise self._damaged(f"column {name!r} has the dtype {tensor.dtype}")
        return tensor

    def _shape(self, name: str) -> list[int]:
        shape: list[int] = self._file.get_slice(name).get_shape()
        return shape

    def _dtype(self, name: str) -> str:
        dtype: str = self._file.get_slice(name).get_dtype()
        return dtype

    def _existing(self, name: str) -> str:
        if name not in self._names:
            raise DatasetFormatError(
                f"{self.path}: no column {name!r}. Columns: {', '.join(sorted(self._names))}."
            )
        return name

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        # A dtype that NumPy does not have raises AttributeError or TypeError.
        except (OSError, SafetensorError, AttributeError, TypeError, ValueError) as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, reason: str) -> DatasetFormatError:
        return DatasetFormatError(
            f"{self.path}: not a complete shard ({reason}). Delete this file and rerun the command "
            "that wrote the set, which writes it again."
        )
