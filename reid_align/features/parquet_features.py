"""Reader of features in Parquet, a folder that `extract_to_parquet` wrote."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import MissingExtraError, OutputError, ReidAlignError
from reid_align.features.feature_digest import feature_digest
from reid_align.features.feature_files import Json
from reid_align.features.feature_matrix import Features
from reid_align.features.image_batches import FailedImage
from reid_align.features.parquet_format import ERROR, FEATURES, FINISHED, PART_NAME, PATH, part_name
from reid_align.images.image_addresses import (
    file_system,
    is_parquet,
    is_remote,
    open_container,
    read_range,
    using_storage,
)
from reid_align.typed_reading import read_object

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


class ParquetRows(NamedTuple):
    """Consecutive images of a part: features of the readable ones, and the others."""

    paths: list[str]
    values: NDArray[np.float32]
    failed: list[FailedImage]


def is_feature_folder_name(name: str) -> bool:
    """Return whether a name is one of features in Parquet, ``NAME.parquet``."""
    return is_parquet(name)


def read_parquet_description(folder: str) -> dict[str, Json]:
    """Return how the features in a Parquet folder were computed.

    Raises:
        OutputError: the record is missing, because the extraction is unfinished, or damaged.
    """
    try:
        text = read_range(f"{folder.rstrip('/')}/{FINISHED}")
        return dict(cast(Mapping[str, Json], read_object(json.loads(text))))
    except ReidAlignError:
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        raise OutputError(
            f"{folder} is not a folder of features: it has no {FINISHED}. If the extraction was "
            "interrupted, resume it."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise OutputError(f"Cannot read {folder}/{FINISHED}: {error}.") from error


def parquet_rows(folder: str) -> Iterator[ParquetRows]:
    """Yield the rows of a Parquet folder in order, about a thousand images at a time.

    Raises:
        OutputError: a part is missing or damaged.
        MissingExtraError: pyarrow is not installed.
        StorageError: a remote storage cannot be reached.
    """
    description = read_parquet_description(folder)
    indices = _part_indices(folder)
    index, _, count = str(description.get("shard", "0/1")).partition("/")
    expected = list(range(int(index), int(str(description.get("units", 0))), int(count)))
    if indices != expected:
        lost = sorted(set(indices) ^ set(expected))[0]
        raise OutputError(f"{folder}: {part_name(lost)} is missing or of another extraction.")
    for part in indices:
        with _opened_part(folder, part) as file:
            for group in range(file.metadata.num_row_groups):
                yield _rows(file.read_row_group(group))


def read_parquet_features(folder: str) -> Features:
    """Read a Parquet folder into memory.

    Raises:
        OutputError: the folder is unfinished or damaged.
    """
    description = read_parquet_description(folder)
    count, feature_dim = int(str(description["rows"])), int(str(description["feature_dim"]))
    values = np.empty((count, feature_dim), np.float32)
    paths: list[str] = []
    failed: list[FailedImage] = []
    for rows in parquet_rows(folder):
        end = len(paths) + len(rows.paths)
        if end <= count:
            values[len(paths) : end] = rows.values
        paths.extend(rows.paths)
        failed.extend(rows.failed)
    if len(paths) != count:
        raise OutputError(f"{folder} has {len(paths):,} rows, but {count:,} are recorded.")
    digest = str(description.get("digest") or feature_digest(description))
    return Features(values, tuple(paths), tuple(failed), digest)


def count_rows(folder: str, part: int) -> tuple[int, int]:
    """Return the number of images with features, and without, of a part.

    Raises:
        OutputError: the part is damaged.
    """
    with _opened_part(folder, part) as file:
        metadata = file.metadata
        column = file.schema_arrow.get_field_index(ERROR)
        # The leaf columns are path, features.list.element and error.
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
        rows = sum(group.column(column).statistics.null_count for group in groups)
        return rows, metadata.num_rows - rows


def _rows(table: "pa.Table") -> ParquetRows:
    paths, errors = table.column(PATH).to_pylist(), table.column(ERROR).to_pylist()
    features = table.column(FEATURES).combine_chunks()
    valid = np.array([error is None for error in errors], bool)
    flat = features.drop_null().flatten().to_numpy(zero_copy_only=False)
    values: NDArray[np.float32] = flat.reshape(-1, features.type.list_size)
    if len(values) != valid.sum():
        raise OutputError("A part has rows with neither features nor an error.")
    pairs: Sequence[tuple[str, str | None]] = list(zip(paths, errors, strict=True))
    return ParquetRows(
        [path for path, error in pairs if error is None],
        values,
        [FailedImage(path, error) for path, error in pairs if error is not None],
    )


def _part_indices(folder: str) -> list[int]:
    if is_remote(folder):
        with using_storage(folder):
            system, root = file_system(folder)
            names = [os.path.basename(str(name)) for name in system.ls(root, detail=False)]
    else:
        names = os.listdir(folder)
    matches = (PART_NAME.fullmatch(name) for name in names)
    return sorted(int(match[1]) for match in matches if match)


@contextmanager
def _opened_part(folder: str, part: int) -> "Iterator[pq.ParquetFile]":
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet", "Features in Parquet") from error
    path = f"{folder.rstrip('/')}/{part_name(part)}"
    try:
        with open_container(path) as file:
            yield pq.ParquetFile(file)
    except ReidAlignError:
        raise
    except (OSError, pa.ArrowInvalid) as error:
        raise OutputError(f"Cannot read {path}: {error}. Delete it and resume.") from error
