"""Path lists in a text file or on standard input."""

import codecs
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import IO

from reid_align.errors import NoImagesError, OutputError

_CHUNK_BYTES = 1 << 16
_IN_MEMORY_BYTES = 1 << 20


def spool(stream: IO[bytes]) -> "tempfile.SpooledTemporaryFile[bytes]":
    """Copy a stream to an anonymous temporary file, or to memory if it is small.

    Closing the file deletes it.

    Raises:
        OutputError: no temporary folder has room for the list.
    """
    copy = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - it outlives the call
    try:
        shutil.copyfileobj(stream, copy)
    except OSError as error:
        copy.close()
        raise OutputError(
            f"Cannot store the list in a temporary file: {error.strerror or error}. Free disk "
            "space, set TMPDIR to another folder, or save the list as a .txt file and give its "
            "name."
        ) from error
    return copy


def read_paths(file: IO[bytes], name: str) -> Iterator[str]:
    """Yield the paths in a list.

    Paths are separated by line ends (LF or CRLF), or by NUL bytes if there are any (``find
    -print0``). Blank lines and a UTF-8 byte order mark are ignored. Bytes that are not UTF-8 are
    kept (surrogateescape).

    Args:
        file: a seekable file; several readers may alternate.
        name: name of the list in errors.

    Raises:
        NoImagesError: the list is empty, or in UTF-16.
    """
    empty = True
    for line in _lines(file, name):
        if line.strip():
            empty = False
            yield os.fsdecode(line)
    if empty:
        raise NoImagesError(f"{name}: this list is empty. Write one path per line.")


def _lines(file: IO[bytes], name: str) -> Iterator[bytes]:
    chunks = _chunks(file)
    first = next(chunks, b"")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise NoImagesError(f"{name}: this list is UTF-16. Save it as UTF-8.")
    # No path is as long as a chunk, so a NUL-separated list has a NUL in the first chunk.
    separator, end = (b"\0", b"") if b"\0" in first else (b"\n", b"\r")
    rest = first.removeprefix(codecs.BOM_UTF8)
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(separator)
        yield from (line.removesuffix(end) for line in lines)
    yield from (line.removesuffix(end) for line in rest.split(separator))


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    position = 0
    while True:
        file.seek(position)  # another reader may have moved it
        chunk = file.read(_CHUNK_BYTES)
        if not chunk:
            return
        position += len(chunk)
        yield chunk
