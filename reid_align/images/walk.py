"""Walk folders: in an order that is always the same, along links, but never in circles."""

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from typing import NamedTuple

from reid_align.errors import NoImagesError

# Patterns of path components that may still follow. The empty one says that the path has matched;
# it stays in the set, so that everything inside a matching folder matches too.
_Remainders = frozenset[tuple[str, ...]]


class _Level(NamedTuple):
    """A folder on the way down; ``folders`` are those of its names that are folders themselves."""

    path: str
    identity: tuple[int, int]
    names: Iterator[str]
    folders: set[str]
    remainders: _Remainders


def walk(root: str, pattern: Sequence[str] = ()) -> Iterator[str]:
    """Yield the files below ``root``, depth first, files and folders sorted together by name.

    Links are followed; a link back to a folder that contains it is not entered. Names that start
    with a dot are skipped, and so is what is no file (pipes, devices). A link that leads nowhere is
    yielded. One listing for each level of depth is held in memory.

    Args:
        root: a folder; the empty string is the current one, without "./" before what is found.
        pattern: one pattern for each component of the path below ``root``, as in ``fnmatch``; "**"
            stands for any number of folders. What lies in a folder that matches is yielded as well.
            The empty pattern takes everything.

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
    """Return what may follow once ``name`` has been passed; nothing if it fits no pattern."""
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
    """List one folder; names alone are kept, because a folder may hold millions of files."""
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
            f"{path}: this folder cannot be listed ({error.strerror}). "
            "Make it readable, or leave it out of the inputs."
        ) from error
    return _Level(path, (status.st_dev, status.st_ino), iter(sorted(names)), folders, remainders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    # isdir() and not is_dir() for links: the latter raises where a link leads to itself.
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()
