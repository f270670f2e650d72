"""One shard of a large generated set: a file of tables, with random access, never half-written.

A shard is one safetensors file: a column of numbers is a tensor ``table/column``, a column of files
(JPEG, PNG) is their bytes one after another in ``table/column:bytes`` and where each one starts and
ends in ``table/column:offsets``. So any safetensors reader can open it, a row is read without
touching the rest, and a cut-off file is told from a whole one by its length.
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
_GO_ON = "What was written before is complete: once it can be written, run it again to go on."
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
                f"A table needs columns of one length, and got {lengths or 'no column at all'}."
            )


def write_shard(path: Path, tables: Mapping[str, Table]) -> None:
    """Write one shard; it appears under its name only when it is complete.

    Raises:
        OutputError: it cannot be written; what was there before is left as it was.
    """
    tensors: dict[str, Column] = {}
    for table, content in tables.items():
        for name, values in content.columns.items():
            tensors[f"{table}/{name}"] = np.ascontiguousarray(values)
        for name, files in content.files.items():
            offsets = np.cumsum([0, *(len(data) for data in files)], dtype=np.int64)
            tensors[f"{table}/{name}:bytes"] = np.frombuffer(b"".join(files), np.uint8)
            tensors[f"{table}/{name}:offsets"] = offsets
    with writing(path, _GO_ON):
        replace_file(path, save(tensors, {"format": str(FORMAT)}))


class Shard:
    """One shard, opened for reading; its rows are read when they are asked for.

    Raises:
        DatasetFormatError: the file is cut off, or is no shard of this format.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = safe_open(path, "np")
            self._names = frozenset(self._file.keys())
            version = (self._file.metadata() or {}).get("format")
        except (OSError, SafetensorError) as error:
            raise DatasetFormatError(
                f"{path}: no complete shard ({error}). Run the command that wrote the set "
                "again: it makes this shard anew."
            ) from error
        if version != str(FORMAT):
            raise DatasetFormatError(
                f"{path}: a shard of format {version}, and this version reads format {FORMAT}. "
                "Make the set anew, or read it with the version that wrote it."
            )

    def length(self, table: str) -> int:
        """Return the number of rows of a table."""
        rows: set[int] = set()
        for name in self._names:
            if name.startswith(f"{table}/") and not name.endswith(":bytes"):
                extra = 1 if name.endswith(":offsets") else 0
                rows.add(self._file.get_slice(name).get_shape()[0] - extra)
        if len(rows) != 1:
            raise DatasetFormatError(f"{self.path}: there is no table {table!r}.")
        return rows.pop()

    def column(self, table: str, name: str) -> Column:
        """Return a column of numbers, (N, ...)."""
        return np.asarray(self._file.get_tensor(self._existing(f"{table}/{name}")))

    def file(self, table: str, name: str, row: int) -> bytes:
        """Return the file in one row."""
        offsets = self._file.get_slice(self._existing(f"{table}/{name}:offsets"))
        count = offsets.get_shape()[0] - 1
        if not 0 <= row < count:
            raise InvalidInputError(f"{self.path}: row {row} of {table!r}, which has {count} rows.")
        start, stop = (int(value) for value in offsets[row : row + 2])
        data = self._file.get_slice(f"{table}/{name}:bytes")[start:stop]
        return np.asarray(data, np.uint8).tobytes()

    def _existing(self, name: str) -> str:
        if name not in self._names:
            raise DatasetFormatError(
                f"{self.path}: there is no column {name!r}. "
                f"It holds {', '.join(sorted(self._names))}."
            )
        return name
