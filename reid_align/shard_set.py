"""The on-disk format of large generated sets: few files, random access, nothing half-written.

A set is a folder with ``set.json``, which says what was asked for, and shards, which hold tables;
beside them may lie ``texture_mask.png``, which says which texels of its textures count.
Writers and readers of synthetic people share these names and the meaning of the numbers in them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import (
    DatasetFormatError,
    DatasetNotFoundError,
    InvalidInputError,
    OutputError,
)
from reid_align.files import replace_file, writing
from reid_align.shards import FORMAT, Column, Shard

MASK_FILE = "texture_mask.png"
SET_FILE = "set.json"
_OWN_FILES = (SET_FILE, "shard-*.safetensors", MASK_FILE)
Setting = str | int | float | bool
SplitName = Literal["train", "val", "test"]
Role = Literal["train", "query", "gallery"]
# What the numbers in the columns "split" and "role" stand for.
SPLITS: tuple[SplitName, ...] = get_args(SplitName)
ROLES: tuple[Role, ...] = get_args(Role)


class ShardSet:
    """A set of shards as one set of tables, whose rows are numbered through.

    Args:
        folder: of the set.

    Attributes:
        settings: what the set was made from.
        shards: its shards in the order of the rows, opened once: a large set has a thousand.

    Raises:
        DatasetNotFoundError: the folder holds no set.
        DatasetFormatError: the set is of another format, or is not complete.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings, count = _read_set(folder)
        missing = [index for index in range(count) if not shard_path(folder, index).exists()]
        if missing:
            raise DatasetFormatError(
                f"{folder}: {len(missing)} of {count} shards are missing. Run the command that "
                "wrote the set again to make them."
            )
        self.shards = [Shard(shard_path(folder, index)) for index in range(count)]
        self._starts: dict[str, NDArray[np.int64]] = {}

    def length(self, table: str) -> int:
        """Return the number of rows of a table in all shards."""
        return int(self._table_starts(table)[-1])

    def column(self, table: str, name: str) -> Column:
        """Return a column of numbers of all shards, (N, ...)."""
        return np.concatenate([shard.column(table, name) for shard in self.shards])

    def file(self, table: str, name: str, row: int) -> bytes:
        """Return the file in one row, counted through all shards."""
        starts = self._table_starts(table)
        if not 0 <= row < starts[-1]:
            raise InvalidInputError(
                f"{self.folder}: row {row} of {table!r}, which has {starts[-1]} rows."
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
    """Return the numbers of the shards of ``count`` that are not there, or are cut off."""
    return [index for index in range(count) if not _is_whole(shard_path(folder, index))]


def _is_whole(path: Path) -> bool:
    try:
        Shard(path)
    except DatasetFormatError:
        return False
    return True


def description(settings: Mapping[str, Setting], shards: int) -> bytes:
    """Return what ``set.json`` of a set holds: its format, settings and number of shards."""
    record = {"format": FORMAT, "shards": shards, "settings": dict(settings)}
    return (json.dumps(record, indent=2) + "\n").encode()


def begin_set(folder: Path, settings: Mapping[str, Setting], shards: int) -> list[int]:
    """Begin a set, or go on with it; return the numbers of the shards that are still to be made.

    Remains of a killed run are removed, and shards that are cut off are to be made anew.

    Args:
        folder: of the set; made if there is none.
        settings: what the set is made from.
        shards: how many shards it has.

    Raises:
        OutputError: the folder cannot be written, holds something else, or holds a set that was
            made from other settings or in another format.
    """
    path, wanted = folder / SET_FILE, description(settings, shards)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        remains = _remains(folder)
        if path.exists():
            _require_same(path, json.loads(wanted))
        elif not remains.issuperset(folder.iterdir()):
            raise OutputError(f"{folder}: not empty, and no set of shards. Choose another folder.")
        else:
            replace_file(path, wanted)
        for partial in remains:
            partial.unlink(missing_ok=True)
    return missing_shards(folder, shards)


def _remains(folder: Path) -> set[Path]:
    """Return the files that killed runs had only begun."""
    found = (path for name in _OWN_FILES for path in folder.glob(f"{name}.*.partial"))
    return {path for path in found if path.is_file()}


def _require_same(path: Path, wanted: Mapping[str, object]) -> None:
    try:
        found = json.loads(path.read_text())
    except ValueError as error:
        raise OutputError(f"{path}: no JSON ({error}). Choose another folder.") from error
    if found != wanted:
        raise OutputError(
            f"{path}: this set was made otherwise ({_difference(found, wanted)}). Give the same "
            "options to the same version to go on with it, or choose another folder."
        )


def _difference(found: object, wanted: Mapping[str, object]) -> str:
    """Say what was asked for before and what is asked for now."""
    before, now = _flat(found), _flat(wanted)
    names = [name for name in now | before if before.get(name) != now.get(name)]
    return ", ".join(f"{name} was {before.get(name)}, now {now.get(name)}" for name in names)


def _flat(record: object) -> dict[str, object]:
    if not isinstance(record, dict):
        return {}
    settings = record.get("settings")
    return record | (settings if isinstance(settings, dict) else {}) | {"settings": None}


def _read_set(folder: Path) -> tuple[dict[str, Setting], int]:
    path = folder / SET_FILE
    if not path.is_file():
        found = "no such folder" if not folder.is_dir() else "other files"
        raise DatasetNotFoundError("A set of shards", str(folder), SET_FILE, found)
    try:
        content = json.loads(path.read_text())
        version, count, settings = content["format"], int(content["shards"]), content["settings"]
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetFormatError(f"{path}: no description of a set ({error!r}).") from error
    if version != FORMAT:
        raise DatasetFormatError(
            f"{path}: a set of format {version}, and this version reads format {FORMAT}. "
            "Make the set anew, or read it with the version that wrote it."
        )
    return dict(settings), count
