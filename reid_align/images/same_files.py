"""Detection of files with several paths (links, spellings) and of byte-equal copies."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from reid_align.images.image_addresses import is_remote, split_member

_HEAD = 4096


class Copies(NamedTuple):
    """Number of files with an equal file before them in path order, and the first pair."""

    number: int
    first: str
    second: str


def file_keys(paths: Sequence[str]) -> list[object]:
    """Return a key for each path that is equal for paths of the same file.

    Hard links, symbolic links and spellings such as ``./a`` and ``b/../a`` have one key.
    """
    return [file_key(path) or os.path.realpath(path) for path in paths]


def file_key(path: str) -> object | None:
    """Return a key that is equal for paths of the same file; None if there is no file.

    The key of a remote file is its URL, whether it exists or not.
    """
    if is_remote(path):
        return path
    member = split_member(path)
    if member is not None:
        container = file_key(member[0])
        return None if container is None else (container, member[1])
    try:
        status = os.stat(path)
    except OSError:
        return None
    # Some network file systems have no inode numbers.
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(path)


def count_copies(paths: Iterable[str]) -> Copies | None:
    """Find byte-equal files; None without any. Ignores empty and unreadable files.

    Reads the start of files of equal size, and whole files only if their starts are equal.
    """
    groups = _split(sorted(paths), _size)
    for digest in (_head_digest, _digest):
        groups = [part for group in groups for part in _split(group, digest)]
    if not groups:
        return None
    first = min(groups, key=lambda group: group[0])
    return Copies(sum(len(group) - 1 for group in groups), first[0], first[1])


def _split(paths: Iterable[str], key: Callable[[str], object]) -> list[list[str]]:
    """Group paths by a key, without groups of one path; drops paths with the key None."""
    groups: dict[object, list[str]] = defaultdict(list)
    for path in paths:
        try:
            value = key(path)
        except OSError:
            continue
        if value is not None:
            groups[value].append(path)
    return [group for group in groups.values() if len(group) > 1]


def _size(path: str) -> int | None:
    return os.path.getsize(path) or None


def _head_digest(path: str) -> bytes:
    with open(path, "rb") as file:
        return sha256(file.read(_HEAD)).digest()


def _digest(path: str) -> bytes:
    digest = sha256()
    with open(path, "rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.digest()
