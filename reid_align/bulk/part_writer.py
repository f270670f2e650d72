"""Extraction of one work unit to its Parquet file."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reid_align.bulk.encoded_images import unit_images
from reid_align.bulk.parts_folder import PartsFolder
from reid_align.bulk.work_units import WorkUnit
from reid_align.features import ExtractOptions, NamedImage
from reid_align.features.feature_batches import FeatureBatch, feature_batches
from reid_align.features.parquet_format import ERROR, PATH, part_schema
from reid_align.inference.prepared_encoder import PreparedEncoder

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_ROWS_PER_GROUP = 1024


@dataclass(frozen=True)
class UnitResult:
    """Summary of a unit: images with features, and images that could not be read."""

    rows: int
    failed: int


def write_unit(
    unit: WorkUnit, encoder: PreparedEncoder, options: ExtractOptions, folder: PartsFolder
) -> UnitResult:
    """Extract the images of a unit and write its part, in constant memory.

    The part appears at once when it is complete. Writing it again gives the same rows.

    Raises:
        ImageReadError: an image cannot be read and ``options.on_error`` is "fail".
        StorageError: a remote storage cannot be reached.
        OutputError: the part cannot be written.
    """
    names: deque[str] = deque()

    def images() -> Iterator[NamedImage]:
        for image in unit_images(unit):
            names.append(image.name)
            yield image

    rows = failed = 0
    with folder.new_part(unit.index) as file, _writer(file, encoder.feature_dim) as writer:
        tables: list[pa.Table] = []
        for batch in feature_batches(images(), encoder, options):
            tables.append(_table(batch, names, encoder.feature_dim))
            rows, failed = rows + len(batch.paths), failed + len(batch.failed)
            if sum(len(table) for table in tables) >= _ROWS_PER_GROUP:
                _write(writer, tables)
        _write(writer, tables)
    return UnitResult(rows, failed)


def _writer(file: Path, feature_dim: int) -> "pq.ParquetWriter":
    schema = part_schema(feature_dim)
    import pyarrow.parquet as pq

    # Features do not compress.
    return pq.ParquetWriter(
        file,
        schema,
        compression={PATH: "zstd", ERROR: "zstd", "features.list.element": "none"},
        use_dictionary=[ERROR],
        write_statistics=[PATH, ERROR],
    )


def _write(writer: "pq.ParquetWriter", tables: "list[pa.Table]") -> None:
    import pyarrow as pa

    if tables:
        writer.write_table(pa.concat_tables(tables))
        tables.clear()


def _table(batch: FeatureBatch, names: deque[str], feature_dim: int) -> "pa.Table":
    """Return the rows of a batch in the order of its images.

    Args:
        batch: features of consecutive images.
        names: names of these and later images; those of the batch are removed.
        feature_dim: D.
    """
    import pyarrow as pa

    paths, failed = deque(batch.paths), deque(batch.failed)
    listed: list[str] = []
    errors: list[str | None] = []
    for _ in range(len(batch.paths) + len(batch.failed)):
        name = names.popleft()
        listed.append(name.encode("utf-8", "backslashreplace").decode())
        if paths and paths[0] == name:
            paths.popleft()
            errors.append(None)
        else:
            errors.append(failed.popleft().error.encode("utf-8", "backslashreplace").decode())
    missing: NDArray[np.bool_] = np.array([error is not None for error in errors], bool)
    values = np.zeros((len(listed), feature_dim), np.float32)
    values[~missing] = batch.values
    features = pa.FixedSizeListArray.from_arrays(
        pa.array(values.reshape(-1)), feature_dim, mask=pa.array(missing)
    )
    columns = [pa.array(listed, pa.string()), features, pa.array(errors, pa.string())]
    return pa.Table.from_arrays(columns, schema=part_schema(feature_dim))
