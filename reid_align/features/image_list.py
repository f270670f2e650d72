"""Image list that stays the same during an extraction."""

import hashlib
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from reid_align.files import writing

_CHUNK_BYTES = 1 << 16
_IN_MEMORY_BYTES = 1 << 20


class ImageList:
    """Copy of image paths that may be read several times.

    A folder is listed once: an image that is deleted later is still in the list, and fails when it
    is read. Long lists are stored in an unnamed temporary file in the output folder.

    Args:
        paths: the paths; a list or tuple is not copied.
        folder: folder for the temporary file.

    Attributes:
        images: number of images.
        sha256: hash of the paths, in order, each followed by a zero byte.

    Raises:
        OutputError: the folder cannot be written.
    """

    def __init__(self, paths: Iterable[str], folder: Path) -> None:
        self.images, digest = 0, hashlib.sha256()
        self._paths = paths if isinstance(paths, Sequence) else None
        # Closed by the finalizer, because the list is read until the end of an extraction.
        file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115
        weakref.finalize(self, file.close)
        self._file = file
        for path in paths:
            entry = os.fsencode(path) + b"\0"
            digest.update(entry)
            self.images += 1
            if self._paths is None:
                with writing(folder):
                    file.write(entry)
        self.sha256 = digest.hexdigest()

    def __iter__(self) -> Iterator[str]:
        if self._paths is not None:
            yield from self._paths
            return
        rest, position = b"", 0
        while True:
            self._file.seek(position)  # another iterator may have moved it
            chunk = self._file.read(_CHUNK_BYTES)
            if not chunk:
                return
            position += len(chunk)
            *names, rest = (rest + chunk).split(b"\0")
            yield from map(os.fsdecode, names)
