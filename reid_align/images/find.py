"""Which images the user means: folders, files, patterns and lists, one path after the other."""

import os
import sys
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from reid_align.errors import InvalidInputError, NoImagesError
from reid_align.images.formats import FORMAT_NAMES, is_image
from reid_align.images.lists import read_paths, spool
from reid_align.images.walk import walk

_ALLOWED = (
    "Give a folder, a image, a pattern ('crops/**/*.jpg'), a list of paths (*.txt), "
    "or - for a list on standard input."
)


def find_images(
    inputs: Sequence[str | os.PathLike[str]], *, stdin: BinaryIO | None = None
) -> Iterable[str]:
    """Return the paths of the images that ``inputs`` name, in an order that stays the same.

    The result finds them anew each time it is iterated over, one at a time: a million images need
    no more memory than the listing of the largest folder. Nothing is opened for reading but lists
    and files whose name does not tell what they are. Inputs are taken in their order:

    - a folder: all images in it and below, depth first, sorted by name. A image is a file with
      one of ``EXTENSIONS``, or with another name and the first bytes of such a format. Hidden
      files and folders are skipped, links are followed.
    - a file: that file, whatever its name.
    - a ``*.txt`` file: the paths in it, one on each line, relative to the current folder. They are
      not looked at; whoever decodes them learns whether they exist.
    - a pattern with ``*``, ``?``, ``[...]`` or ``**``, unless a file has that very name: the
      images among the files that match, and in the folders that match.
    - ``-``: a list as above on standard input, or one separated by NUL bytes. It is read at once.

    A image that several inputs name comes several times.

    Args:
        inputs: at least one.
        stdin: what ``-`` reads; the standard input of the process if it is None.

    Raises:
        InvalidInputError: ``inputs`` is one string instead of a sequence.
        NoImagesError: there are no inputs; or, while iterating, an input does not exist, holds or
            matches no image, or cannot be listed.
    """
    if isinstance(inputs, str | os.PathLike):
        raise InvalidInputError(f"inputs {inputs!r}: give a list of paths, such as [{inputs!r}].")
    if not inputs:
        raise NoImagesError(f"No input was given. {_ALLOWED}")
    return _Images([os.fsdecode(name) for name in inputs], stdin)


class _Images:
    """The images that the inputs name; iterating finds them anew."""

    def __init__(self, inputs: list[str], stdin: BinaryIO | None) -> None:
        self._inputs = inputs
        if "-" in inputs:
            if stdin is None and sys.stdin is None:
                raise NoImagesError("-: standard input is closed. Pipe a list of paths into it.")
            self._listed = spool(stdin or sys.stdin.buffer)
            weakref.finalize(self, self._listed.close)

    def __iter__(self) -> Iterator[str]:
        for name in self._inputs:
            yield from read_paths(self._listed, "standard input") if name == "-" else _expand(name)


def _expand(name: str) -> Iterator[str]:
    if os.path.isdir(name):
        return _images(walk(name), f"{name}: this folder holds")
    if os.path.isfile(name) and name.lower().endswith(".txt"):
        return _read_list(name)
    if os.path.exists(name):
        return iter([name])
    if any(map(_is_magic, Path(name).parts)):
        return _match(name)
    raise NoImagesError(f"{name!r}: there is no such file or folder. {_ALLOWED}")


def _read_list(name: str) -> Iterator[str]:
    try:
        file = open(name, "rb")  # noqa: SIM115 - the generator's with statement closes it
    except OSError as error:
        raise NoImagesError(f"{name}: this list cannot be read ({error.strerror}).") from error
    with file:
        yield from read_paths(file, name)


def _is_magic(part: str) -> bool:
    return any(character in part for character in "*?[")


def _match(pattern: str) -> Iterator[str]:
    """Walk from the last folder that is spelled out in ``pattern``."""
    parts = Path(pattern).parts
    start = next(i for i, part in enumerate(parts) if _is_magic(part))
    root = os.path.join("", *parts[:start])
    files = walk(root, parts[start:]) if os.path.isdir(root or os.curdir) else iter(())
    return _images(files, f"{pattern}: this pattern matches")


def _images(files: Iterator[str], found: str) -> Iterator[str]:
    """Pass on the images; if there are none, say how many other files were ``found``."""
    images = others = 0
    for path in files:
        if is_image(path):
            images += 1
            yield path
        else:
            others += 1
    if not images:
        instead = f"only {others} other files" if others else "and no other file"
        raise NoImagesError(
            f"{found} no image, {instead} (hidden ones are passed over). "
            f"Images are {FORMAT_NAMES} files. {_ALLOWED}"
        )
