"""Where a gallery is stored: checks of the folder, and synchronization with the disk."""

import os
from contextlib import suppress
from pathlib import Path

from reid_align.errors import InvalidInputError
from reid_align.images.image_addresses import is_parquet

TABLE = "images"
_TABLE_FOLDER = f"{TABLE}.lance"


def is_remote(location: str) -> bool:
    """Return whether a location is an address, such as ``s3://bucket/gallery``."""
    return "://" in location


def is_gallery(location: str | os.PathLike[str]) -> bool:
    """Return whether a folder contains a gallery. An address counts as one, except of Parquet."""
    name = os.fspath(location)
    if is_remote(name):
        return not is_parquet(name)
    return Path(name, _TABLE_FOLDER).is_dir()


def check_location(location: str, *, create: bool) -> None:
    """Check that a location is a gallery, or that one can be created there.

    Raises:
        InvalidInputError: it is a file, a folder with other content, or, without ``create``, not
            a gallery.
    """
    if is_gallery(location):
        return
    folder = Path(location)
    if folder.exists() and not folder.is_dir():
        raise InvalidInputError(f"{location} is a file, not a gallery. Give a folder.")
    found = [] if not folder.exists() else sorted(os.listdir(folder))
    visible = [name for name in found if not name.startswith(".")]
    if visible:
        raise InvalidInputError(
            f"{location} is not a gallery: it contains {visible[0]!r} and no {_TABLE_FOLDER}. Give "
            "a gallery, or a new or empty folder to create one."
        )
    if not create:
        state = "is empty" if folder.exists() else "does not exist"
        raise InvalidInputError(f"{location} is not a gallery: the folder {state}.")


class DiskSync:
    """Writes a table's new files to the disk.

    LanceDB leaves new files in the page cache, where they survive a killed process but not a power
    failure. Files are never changed after they are written, so new names are all that is needed.

    Args:
        location: the gallery. Does nothing for an address.
    """

    def __init__(self, location: str) -> None:
        self._folder = None if is_remote(location) else Path(location, _TABLE_FOLDER)
        self._before = self._files()

    def finish(self) -> None:
        """Synchronize the files that are new since the object was created, and their folders."""
        new = self._files() - self._before
        for file in sorted(new):
            _sync(file)
        folders = {os.path.dirname(file) for file in new}
        folders |= {os.path.dirname(folder) for folder in folders}
        if self._folder is not None and not self._before:
            # The table is new: its name, and that of the gallery's folder.
            folders |= {str(self._folder.parent), str(self._folder.parent.parent)}
        for folder in sorted(folders):
            _sync(folder)

    def _files(self) -> set[str]:
        if self._folder is None:
            return set()
        return {
            os.path.join(folder, name)
            for folder, _, names in os.walk(self._folder)
            for name in names
        }


def _sync(path: str) -> None:
    # Another process may have replaced a temporary file in the meantime.
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
