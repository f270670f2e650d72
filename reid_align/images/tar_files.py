"""Images in tar files, as written by webdataset: listing, reading in sequence and one by one."""

import os
import tarfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import IO

from reid_align.errors import ImageReadError, NoImagesError, StorageError
from reid_align.images.image_addresses import is_remote, open_container, read_range, split_member
from reid_align.images.image_formats import EXTENSIONS

_INDEXES_KEPT = 16


@dataclass(frozen=True)
class TarMember:
    """An image in a tar file.

    Attributes:
        name: name in the tar file; "" stands for images that are missing because of damage.
        offset: first byte of its content.
        size: bytes.
        damage: why it cannot be read; "" if it can.
    """

    name: str
    offset: int
    size: int
    damage: str = ""


def list_tar(container: str) -> Iterator[str]:
    """Yield the addresses of the images in a tar file, in the order of the file.

    Members without an image extension and hidden files are skipped. If the tar file is damaged
    after its last readable member, its own path comes last and fails when it is decoded.

    Raises:
        NoImagesError: the tar file does not exist or contains no image.
        StorageError: the remote storage cannot be reached.
    """
    index = _index(container)
    if not index:
        raise NoImagesError(f"{container}: this tar file contains no image.")
    yield from (address(container, name) for name in index)


def address(container: str, name: str) -> str:
    """Return the address of a member; the path of the tar file for the name ""."""
    return f"{container}/{name}" if name else container


def read_member(path: str) -> bytes:
    """Return the content of an image in a tar file.

    Args:
        path: address of the member, or the path of a damaged tar file.

    Raises:
        ImageReadError: there is no such member, or the tar file is damaged.
        StorageError: the remote storage cannot be reached.
    """
    container, name = split_member(path) or (path, "")
    member = _index(container).get(name)
    if member is None:
        known = "it is a tar file, not an image" if not name else "the tar file has no such image"
        raise ImageReadError(path, known)
    if member.damage:
        raise ImageReadError(path, member.damage)
    return read_range(container, member.offset, member.size)


def stream_tar(container: str) -> Iterator[tuple[str, bytes | ImageReadError]]:
    """Yield address and content of every image in a tar file; reads the file once, in sequence.

    Yields:
        The addresses of `list_tar`, each with its content or the error of a damaged member.

    Raises:
        NoImagesError: the tar file does not exist.
        StorageError: the remote storage cannot be reached.
    """
    with _opened(container) as file:
        for member in _members(file):
            name = address(container, member.name)
            if member.damage:
                yield name, ImageReadError(name, member.damage)
                continue
            file.seek(member.offset)
            yield name, file.read(member.size)


@contextmanager
def _opened(container: str) -> Iterator[IO[bytes]]:
    """Open a tar file; a missing one is a NoImagesError."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_container(container))
        except StorageError:
            raise
        except OSError as error:
            raise NoImagesError(
                f"{container}: cannot read this tar file ({error.strerror or error})."
            ) from error
        yield file


def _members(file: IO[bytes]) -> Iterator[TarMember]:
    """Yield the images of a tar file; a damaged file ends with a member that has a damage."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    last, seen = "the start", set[str]()
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            while (info := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # it would hold every member
                end = info.offset_data + info.size
                wanted = info.isreg() and _is_image_name(info.name)
                if end > size:
                    reason = "the tar file ends inside this image; images after it are missing"
                    if not wanted:
                        reason = f"the tar file ends inside {info.name}; images may be missing"
                    yield TarMember(info.name if wanted else "", 0, 0, reason)
                    return
                if wanted and info.name not in seen:
                    seen.add(info.name)
                    yield TarMember(info.name, info.offset_data, info.size)
                last = info.name
            file.seek(archive.offset)
            # tarfile takes a damaged header for the end.
            if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                reason = f"the tar file is damaged or cut off after {last}; images may be missing"
                yield TarMember("", 0, 0, reason)
    except tarfile.TarError as error:
        reason = f"the tar file is damaged after {last} ({error}); images may be missing"
        yield TarMember("", 0, 0, reason)


def _is_image_name(name: str) -> bool:
    folder, base = os.path.split(name)
    hidden = base.startswith(".") or any(part.startswith(".") for part in folder.split("/")[1:])
    return not hidden and os.path.splitext(base)[1].lower() in EXTENSIONS


_INDEXES: OrderedDict[tuple[object, ...], dict[str, TarMember]] = OrderedDict()
_LOCK = Lock()


def _index(container: str) -> dict[str, TarMember]:
    """Return the images of a tar file by name; the last few indexes are kept."""
    key: tuple[object, ...] = (container,)
    if not is_remote(container):
        try:
            status = os.stat(container)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise NoImagesError(f"{container}: cannot read this tar file ({reason}).") from error
        key = (os.path.abspath(container), status.st_mtime_ns, status.st_size)
    with _LOCK:
        if key not in _INDEXES:
            with _opened(container) as file:
                _INDEXES[key] = {member.name: member for member in _members(file)}
            if len(_INDEXES) > _INDEXES_KEPT:
                _INDEXES.popitem(last=False)
        _INDEXES.move_to_end(key)
        return _INDEXES[key]
