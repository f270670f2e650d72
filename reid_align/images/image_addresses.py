"""Addresses of images that are no local files: members of tar files, and remote files.

``shards/000.tar/0001.jpg`` is a member of a tar file, ``s3://bucket/crops/1.jpg`` a remote file,
and ``s3://bucket/000.tar/0001.jpg`` a member of a remote tar file. fsspec reads remote files.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from reid_align.errors import (
    InvalidInputError,
    MissingExtraError,
    ReidAlignError,
    StorageError,
)

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

TAR, PARQUET = ".tar", ".parquet"
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_EXTRAS = {
    "s3": ("s3fs", "s3"),
    "s3a": ("s3fs", "s3"),
    "gs": ("gcsfs", "gcs"),
    "gcs": ("gcsfs", "gcs"),
}
# Errors of one file. Everything else, also a denied access, affects every file of the storage.
_OF_ONE_FILE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
_BLOCK_BYTES = 8 << 20


def is_remote(path: str) -> bool:
    """Return whether a path is a URL, such as ``s3://bucket/a.jpg``."""
    return _REMOTE.match(path) is not None


def is_tar(path: str) -> bool:
    """Return whether a path is named like a tar file."""
    return path.lower().endswith(TAR)


def is_parquet(path: str) -> bool:
    """Return whether a path is named like a Parquet file."""
    return path.lower().rstrip("/").endswith(PARQUET)


def split_member(path: str) -> tuple[str, str] | None:
    """Split the address of a tar member into tar file and member; None for other paths."""
    position = path.lower().find(f"{TAR}/")
    while position >= 0:
        container = path[: position + len(TAR)]
        if is_remote(path) or not os.path.isdir(container):
            return container, path[position + len(TAR) + 1 :]
        position = path.lower().find(f"{TAR}/", position + 1)
    return None


def image_exists(path: str) -> bool:
    """Return whether an image can be expected at an address; does not look into containers."""
    if is_remote(path):
        return True
    member = split_member(path)
    return os.path.isfile(path if member is None else member[0])


def file_system(url: str) -> "tuple[AbstractFileSystem, str]":
    """Return the file system of a URL, and the path in it.

    Raises:
        InvalidInputError: fsspec does not know the protocol.
        MissingExtraError: the package for the protocol is not installed.
        StorageError: the storage cannot be used.
    """
    from fsspec.core import url_to_fs

    protocol = url.partition("://")[0].lower()
    try:
        system, path = url_to_fs(url)
    except ImportError as error:
        package, extra = _EXTRAS.get(protocol, (error.name or protocol, protocol))
        if protocol in _EXTRAS:
            raise MissingExtraError(package, extra, f"Reading {protocol}:// addresses") from error
        raise StorageError(url, f"{error}") from error
    except ValueError as error:
        raise InvalidInputError(f"{url}: {error}. Known are s3://, gs:// and others.") from error
    return cast("AbstractFileSystem", system), str(path)


@contextmanager
def using_storage(url: str) -> Iterator[None]:
    """Convert errors of a remote storage to StorageError, except those of a single file.

    Raises:
        StorageError: the storage cannot be reached, or denies access.
    """
    try:
        yield
    except (*_OF_ONE_FILE, ReidAlignError):
        raise
    # The clients raise many types: botocore's and aiohttp's are no OSErrors.
    except Exception as error:
        raise StorageError(url, " ".join(str(error).split()) or type(error).__name__) from error


@contextmanager
def open_container(path: str) -> Iterator[IO[bytes]]:
    """Open a local or remote file for reading, mostly in sequence.

    Raises:
        StorageError: the remote storage cannot be reached, or denies access.
        OSError: the file cannot be read.
    """
    if not is_remote(path):
        with open(path, "rb") as file:
            yield file
        return
    with using_storage(path):
        system, inside = file_system(path)
        with system.open(inside, "rb", block_size=_BLOCK_BYTES, cache_type="readahead") as remote:
            yield remote


def read_range(path: str, start: int = 0, size: int | None = None) -> bytes:
    """Read a part of a local or remote file, or all of it.

    Raises:
        StorageError: the remote storage cannot be reached, or denies access.
        OSError: the file cannot be read.
    """
    if not is_remote(path):
        with open(path, "rb") as file:
            file.seek(start)
            return file.read() if size is None else file.read(size)
    with using_storage(path):
        system, inside = file_system(path)
        if size is None:
            return bytes(system.cat_file(inside))
        return bytes(system.cat_file(inside, start, start + size)) if size else b""
