"""On-disk format of large generated sets: a folder of shards with a description.

``set.json`` records the settings, shards contain the tables, and an optional ``texture_mask.png``
marks the valid texels of the textures. Writers and readers of synthetic people share the file names
and the meaning of the numbers defined here.
"""

import json
import math
import re
import reprlib
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeGuard, get_args

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import (
    DatasetFormatError,
    DatasetNotFoundError,
    InvalidInputError,
    OutputExistsError,
)
from reid_align.files import replace_file, writing
from reid_align.shards import FORMAT, Column, ShardFile

MASK_FILE = "texture_mask.png"
SET_FILE = "set.json"
_MAX_BYTES = 2**20
# Numbers with fewer than five digits are padded with zeros, others are not.
_SHARD_NAME = re.compile(r"shard-(\d{5}|[1-9]\d{5,})\.safetensors", re.ASCII)
_OWN_FILES = (SET_FILE, "shard-*.safetensors", MASK_FILE)
Setting = str | int | float | bool
SplitName = Literal["train", "val", "test"]
Role = Literal["train", "query", "gallery"]
# Meaning of the numbers in the columns "split" and "role".
SPLITS: tuple[SplitName, ...] = get_args(SplitName)
ROLES: tuple[Role, ...] = get_args(Role)


class ShardSet:
    """Tables of a set; rows are numbered across its shards.

    Args:
        folder: folder of the set.

    Attributes:
        settings: settings that the set was generated with.
        shards: open shards in row order; a large set has a thousand.

    Raises:
        DatasetNotFoundError: the folder contains no set.
        DatasetFormatError: the set has another format, or is incomplete.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings, count = _read_set(folder)
        _check_present(folder, count)
        self.shards = [ShardFile(shard_path(folder, index)) for index in range(count)]
        self._starts: dict[str, NDArray[np.int64]] = {}

    def length(self, table: str) -> int:
        """Return the number of rows of a table in all shards."""
        return int(self._table_starts(table)[-1])

    def column(self, table: str, name: str) -> Column:
        """Read a column of numbers of all shards, (N, ...)."""
        columns = [shard.column(table, name) for shard in self.shards]
        first, path = columns[0], self.shards[0].path
        for shard, column in zip(self.shards, columns, strict=True):
            if column.dtype != first.dtype or column.shape[1:] != first.shape[1:]:
                raise DatasetFormatError(
                    f"{shard.path}: column {name!r} of {table!r} is {_layout(column)}, but in "
                    f"{path.name} it is {_layout(first)}. Generate the set again."
                )
        return np.concatenate(columns)

    def file(self, table: str, name: str, row: int) -> bytes:
        """Read the file in one row, numbered across all shards."""
        starts = self._table_starts(table)
        if not 0 <= row < starts[-1]:
            raise InvalidInputError(
                f"{self.folder}: row {row} of {table!r} is out of range; it has {starts[-1]} rows."
            )
        shard = int(np.searchsorted(starts, row, side="right")) - 1
        return self.shards[shard].file(table, name, row - int(starts[shard]))

    def _table_starts(self, table: str) -> NDArray[np.int64]:
        if table not in self._starts:
            lengths = [shard.length(table) for shard in self.shards]
            self._starts[table] = np.cumsum([0, *lengths], dtype=np.int64)
        return self._starts[table]


def shard_path(folder: Path, index: int) -> Path:
    """Return the path of a set's shard."""
    return folder / f"shard-{index:05d}.safetensors"


def missing_shards(folder: Path, count: int) -> list[int]:
    """Return the numbers of the ``count`` shards that are missing or truncated."""
    return [index for index in range(count) if not _is_whole(shard_path(folder, index))]


def _is_whole(path: Path) -> bool:
    try:
        ShardFile(path)
    except DatasetFormatError:
        return False
    return True


def description(settings: Mapping[str, Setting], shards: int) -> bytes:
    """Return the content of ``set.json``: format, settings and number of shards."""
    record = {"format": FORMAT, "shards": shards, "settings": dict(settings)}
    return (json.dumps(record, indent=2) + "\n").encode()


def begin_set(folder: Path, settings: Mapping[str, Setting], shards: int) -> list[int]:
    """Start or resume a set, and return the numbers of the shards that still have to be written.

    Removes partial files of a killed run; truncated shards are written again.

    Args:
        folder: folder of the set; created if it does not exist.
        settings: settings of the set.
        shards: number of shards.

    Raises:
        OutputError: the folder cannot be written.
        OutputExistsError: it contains other files, or a set with other settings or another format.
    """
    path, content = folder / SET_FILE, description(settings, shards)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        partial_files = _partial_files(folder)
        if path.exists():
            _require_same(path, json.loads(content))
        elif not partial_files.issuperset(folder.iterdir()):
            raise OutputExistsError(
                f"{folder}: not empty and not a set of shards. Choose another folder."
            )
        else:
            replace_file(path, content)
        for partial in partial_files:
            partial.unlink(missing_ok=True)
    return missing_shards(folder, shards)


def _partial_files(folder: Path) -> set[Path]:
    """Return the partial files of killed runs."""
    found = (path for name in _OWN_FILES for path in folder.glob(f"{name}.*.partial"))
    return {path for path in found if path.is_file()}


def _require_same(path: Path, settings: Mapping[str, object]) -> None:
    try:
        found = _parse(path)
    except DatasetFormatError as error:
        raise OutputExistsError(f"{error} Choose another folder.") from error
    if found != settings:
        raise OutputExistsError(
            f"{path}: this set was started with different settings "
            f"({_difference(found, settings)}). Use the same settings and version to continue it, "
            "or choose another folder."
        )


def _difference(found: object, settings: Mapping[str, object]) -> str:
    """Describe the settings that differ."""
    before, now = _flat(found), _flat(settings)
    names = [name for name in now | before if before.get(name) != now.get(name)]
    changes = [f"{name} was {before.get(name)!r}, now {now.get(name)!r}" for name in names]
    return textwrap.shorten(", ".join(changes), 200, placeholder=" ...")


def _flat(record: object) -> dict[str, object]:
    if not isinstance(record, dict):
        return {}
    settings = record.get("settings")
    return record | (settings if isinstance(settings, dict) else {}) | {"settings": None}


def _read_set(folder: Path) -> tuple[dict[str, Setting], int]:
    """Return the settings and the number of shards in ``set.json``."""
    path = folder / SET_FILE
    if not path.is_file():
        found = "no such folder" if not folder.is_dir() else "other files"
        raise DatasetNotFoundError("A set of shards", str(folder), SET_FILE, found)
    record = _parse(path)
    if not isinstance(record, dict):
        raise _malformed(path, "expected an object", record)
    version, count, settings = (record.get(name) for name in ("format", "shards", "settings"))
    if not _is_positive(version):
        raise _malformed(path, "format: expected a whole number of at least 1", version)
    if version != FORMAT:
        raise DatasetFormatError(
            f"{path}: set format {version}, but this version reads format {FORMAT}. "
            "Generate the set again, or read it with the version that wrote it."
        )
    if not _is_positive(count):
        raise _malformed(path, "shards: expected a whole number of at least 1", count)
    if not isinstance(settings, dict):
        raise _malformed(path, "settings: expected an object", settings)
    for name, value in settings.items():
        if not isinstance(value, Setting):
            raise _malformed(path, f"settings.{name}: expected a text, number or bool", value)
    return settings, count


def _parse(path: Path) -> object:
    """Parse ``set.json``; refuses large files, NaN, infinite numbers and deep nesting."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"the file has more than {_MAX_BYTES:,} bytes")
        return json.loads(path.read_text("utf-8"), parse_float=_finite, parse_constant=_finite)
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetFormatError(f"{path}: not the description of a set ({error}).") from error


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number


def _is_positive(value: object) -> TypeGuard[int]:
    return type(value) is int and value >= 1


def _malformed(path: Path, expected: str, value: object) -> DatasetFormatError:
    return DatasetFormatError(
        f"{path}: not the description of a set ({expected}, got {reprlib.repr(value)})."
    )


def _check_present(folder: Path, count: int) -> None:
    """Compare the number of shards in ``set.json`` with the files in the folder."""
    # Enumerates the files, because a damaged number may be huge.
    matches = (_SHARD_NAME.fullmatch(path.name) for path in folder.iterdir())
    numbers = sorted(int(match[1]) for match in matches if match)
    extra = [number for number in numbers if number >= count]
    missing = count - len(numbers) + len(extra)
    if missing:
        raise DatasetFormatError(
            f"{folder}: {missing} of {count} shards are missing. Rerun the command that wrote the "
            "set to add them."
        )
    if extra:
        raise DatasetFormatError(
            f"{folder}: {SET_FILE} lists {count} shards, but {shard_path(folder, extra[0]).name} "
            "exists too. Generate the set again in another folder."
        )


def _layout(column: Column) -> str:
    return f"{column.dtype} {list(column.shape[1:])}"
