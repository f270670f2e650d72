"""Recursive file listing in sorted order. Follows symlinks; detects cycles."""

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from typing import NamedTuple

from reid_align.errors import NoImagesError

# Patterns of the remaining path components. The empty tuple means that the path has matched; it
# stays in the set, because everything inside a matching folder matches too.
_Remainders = frozenset[tuple[str, ...]]


class _Level(NamedTuple):
    """An open folder on the current path; ``folders`` holds the names that are folders."""

    path: str
    identity: tuple[int, int]
    names: Iterator[str]
    folders: set[str]
    remainders: _Remainders


def walk(root: str, pattern: Sequence[str] = ()) -> Iterator[str]:
    """Yield the files below ``root``, depth first, files and folders sorted together by name.

    Follows symlinks, except to a folder that contains the link. Skips hidden names, pipes and
    devices. Yields broken symlinks. Holds one folder listing per level in memory.

    Args:
        root: a folder; the empty string is the current folder, without a "./" prefix in paths.
        pattern: one `fnmatch` pattern per path component below ``root``; "**" matches any number
            of folders. Files inside a matching folder match too. The empty pattern matches
            everything.

    Raises:
        NoImagesError: a folder cannot be listed.
    """
    stack = [_enter(root, frozenset({tuple(pattern)}))]
    while stack:
        level = stack[-1]
        name = next(level.names, None)
        if name is None:
            stack.pop()
            continue
        path = os.path.join(level.path, name)
        remainders = _advance(level.remainders, name)
        if name not in level.folders:
            if () in remainders:
                yield path
        elif remainders:
            below = _enter(path, remainders)
            if all(below.identity != above.identity for above in stack):
                stack.append(below)


def _advance(remainders: _Remainders, name: str) -> _Remainders:
    """Return the patterns that remain after ``name``; none if it does not match."""
    after: set[tuple[str, ...]] = set()
    for parts in remainders:
        if not parts:
            after.add(parts)
        elif parts[0] == "**":
            after |= {parts} | _advance(frozenset({parts[1:]}), name)
        elif fnmatch(name, parts[0]):
            after.add(parts[1:])
    return frozenset(after)


def _enter(path: str, remainders: _Remainders) -> _Level:
    """List one folder; keep only names, because a folder may have millions of files."""
    names: list[str] = []
    folders: set[str] = set()
    try:
        with os.scandir(path or os.curdir) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if _is_folder(entry):
                    folders.add(entry.name)
                elif not (entry.is_symlink() or entry.is_file()):
                    continue
                names.append(entry.name)
        status = os.stat(path or os.curdir)
    except OSError as error:
        raise NoImagesError(
            f"{path}: cannot list this folder ({error.strerror}). "
            "Make it readable, or remove it from the inputs."
        ) from error
    return _Level(path, (status.st_dev, status.st_ino), iter(sorted(names)), folders, remainders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    # For symlinks isdir(), because is_dir() raises for a link to itself.
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()
