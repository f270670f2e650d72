"""Images of a work unit, with the content of their files."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import ImageReadError, InvalidInputError, MissingExtraError, NoImagesError
from reid_align.features import NamedImage
from reid_align.images.decode import decode_bytes
from reid_align.images.image_addresses import open_container
from reid_align.images.tar_files import stream_tar

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from reid_align.bulk.work_units import WorkUnit

# Columns with the content and the name of an image, in Parquet files of Ray, Hugging Face datasets
# and webdataset.
_CONTENTS = ("bytes", "image", "jpg", "jpeg", "png", "webp", "content")
_NAMES = ("path", "__key__", "key", "filename", "file_name", "name", "id")
_ROWS_AT_ONCE = 64


@dataclass(frozen=True)
class EncodedImage(NamedImage):
    """An image with the content of its file, in memory.

    Attributes:
        data: content of a JPEG, PNG, … file.
    """

    data: bytes = b""

    def decode(self) -> NDArray[np.uint8]:
        """Return (H, W, 3) uint8 RGB, or raise ImageReadError with the name."""
        return decode_bytes(self.data, self.name)


def unit_images(unit: "WorkUnit") -> Iterator[NamedImage]:
    """Yield the images of a unit, in order; an unusable one raises its error when decoded.

    Raises:
        NoImagesError: the tar file does not exist.
        InvalidInputError: the Parquet file has no column with images.
        StorageError: a remote storage cannot be reached.
    """
    if unit.stop:
        yield from _parquet_images(unit.paths[0], unit.start, unit.stop)
    elif unit.container is not None:
        for name, data in stream_tar(unit.container):
            if isinstance(data, ImageReadError):
                yield NamedImage(name, data)
            else:
                yield EncodedImage(name, name, data)
    else:
        for path in unit.paths:
            yield NamedImage(path, path)


def count_parquet_images(path: str) -> int:
    """Return the number of rows of a Parquet file with images.

    Raises:
        InvalidInputError: it is no Parquet file, or has no column with images.
        NoImagesError: it cannot be opened.
    """
    with _opened_parquet(path) as file:
        _image_columns(path, file.schema_arrow)
        return int(file.metadata.num_rows)


def _parquet_images(path: str, start: int, stop: int) -> Iterator[NamedImage]:
    with _opened_parquet(path) as file:
        content, name = _image_columns(path, file.schema_arrow)
        columns = [column for column in (content, name) if column is not None]
        groups, first, row = [], None, 0
        for group in range(file.metadata.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if row < stop and row + rows > start:
                groups.append(group)
                first = row if first is None else first
            row += rows
        position = first or 0
        for batch in file.iter_batches(_ROWS_AT_ONCE, row_groups=groups, columns=columns):
            for values in batch.to_pylist():
                if start <= position < stop:
                    yield _row_image(path, position, values[content], name and values[name])
                position += 1


def _row_image(path: str, row: int, content: object, name: object) -> NamedImage:
    if isinstance(content, dict):
        name = name or content.get("path")
        content = content.get("bytes")
    shown = str(name) if name else f"{path}/{row}"
    if not isinstance(content, bytes):
        return NamedImage(shown, ImageReadError(shown, f"row {row} of {path} has no content"))
    return EncodedImage(shown, shown, content)


def _image_columns(path: str, schema: "pa.Schema") -> tuple[str, str | None]:
    """Return the column with the content and the one with the name, if any."""
    import pyarrow as pa

    def holds_images(field: "pa.Field") -> bool:
        kind = field.type
        if pa.types.is_struct(kind):
            return any(inner.name == "bytes" for inner in kind)
        return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))

    found = [field.name for field in schema if holds_images(field)]
    named = [name for name in _CONTENTS if name in found] or found
    if not named:
        raise InvalidInputError(
            f"{path} has the columns {', '.join(schema.names)}, none with the content of images. "
            f"Give a binary column, such as {_CONTENTS[0]!r}, and a column 'path'."
        )
    names = [name for name in _NAMES if name in schema.names]
    return named[0], names[0] if names else None


@contextmanager
def _opened_parquet(path: str) -> Iterator["pq.ParquetFile"]:
    """Open a Parquet file, local or remote."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet", "Reading Parquet files") from error
    with ExitStack() as stack:
        try:
            file = pq.ParquetFile(stack.enter_context(open_container(path)))
        except FileNotFoundError as error:
            raise NoImagesError(f"{path}: no such file.") from error
        except pa.ArrowInvalid as error:
            raise InvalidInputError(f"{path} is not a readable Parquet file ({error}).") from error
        yield file
