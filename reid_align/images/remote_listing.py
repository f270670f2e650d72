"""Listing of remote folders and patterns."""

from collections.abc import Iterator

from reid_align.errors import NoImagesError
from reid_align.images.image_addresses import file_system, using_storage

_MAGIC = "*?["


def list_remote(url: str) -> Iterator[str]:
    """Yield the URLs of the files in a remote folder and below, or of a pattern, sorted.

    The URL of a single file gives itself. Hidden files and folders are skipped.

    Raises:
        NoImagesError: there is no such file or folder.
        StorageError: the storage cannot be reached, or denies access.
    """
    with using_storage(url):
        system, path = file_system(url)
        if any(character in path for character in _MAGIC):
            found = [name for name in system.glob(path, detail=False)]
        elif system.isfile(path):
            yield url
            return
        else:
            try:
                # A bucket that does not exist looks like an empty folder otherwise.
                system.ls(path, detail=False)
                found = system.find(path)
            except FileNotFoundError as error:
                raise NoImagesError(f"{url}: no such file or folder.") from error
        skip = len(path.rstrip("/")) if path in ("", "/") else 0
        for name in sorted(found):
            if not any(part.startswith(".") for part in name[skip:].split("/")):
                yield str(system.unstrip_protocol(name))
