"""Image paths in folders, files, glob patterns and lists."""

import io
import os
import sys
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from reid_align.errors import InvalidInputError, NoImagesError, ReidAlignError
from reid_align.images.folder_walk import walk
from reid_align.images.image_addresses import (
    PARQUET,
    TAR,
    is_parquet,
    is_remote,
    is_tar,
    read_range,
)
from reid_align.images.image_formats import FORMAT_NAMES, is_image
from reid_align.images.path_lists import read_paths, spool
from reid_align.images.remote_listing import list_remote
from reid_align.images.tar_files import list_tar

_ALLOWED = (
    "Give a folder, an image, a tar file, a glob pattern ('crops/**/*.jpg'), a list of paths "
    "(*.txt), a URL (s3://bucket/crops), or - for a list on standard input."
)


def find_images(
    inputs: Sequence[str | os.PathLike[str]], *, stdin: BinaryIO | None = None
) -> Iterable[str]:
    """Return the paths of the images in ``inputs``, in a reproducible order.

    Searches lazily, and again on each iteration: a million images need only the memory of the
    largest folder listing. Opens only lists, and files without an image extension to check their
    first bytes. Inputs are processed in order:

    - a folder: all images in it and below, depth first, sorted by name. An image is a file with
      one of ``EXTENSIONS``, or with the first bytes of such a format. Hidden files and folders
      are skipped, symlinks are followed.
    - a file: that file, whatever its name.
    - a ``*.tar`` file, such as a shard of webdataset: the images in it, as ``a.tar/1.jpg``.
    - a ``*.txt`` file: the paths in it, one per line, relative to the current folder. Whether they
      exist is not checked.
    - a pattern with ``*``, ``?``, ``[...]`` or ``**``, unless a file has that name: the images
      among the matching files, and in the matching folders. Tar files only if the pattern ends in
      ``.tar``.
    - a URL (``s3://``, ``gs://``, …) of a folder, image, pattern, tar file or list.
    - ``-``: a list on standard input, one path per line or separated by NUL bytes. It is read
      immediately.

    An image in several inputs is returned several times.

    Args:
        inputs: at least one.
        stdin: stream for ``-``; default: ``sys.stdin``.

    Raises:
        InvalidInputError: ``inputs`` is a string instead of a sequence.
        NoImagesError: there are no inputs; or, while iterating, an input does not exist, contains
            no image, or cannot be listed.
        StorageError: while iterating, a remote storage cannot be reached.
    """
    return _Images(*_checked(inputs, stdin))


def find_sources(
    inputs: Sequence[str | os.PathLike[str]], *, stdin: BinaryIO | None = None
) -> Iterable[str]:
    """Return the paths of images, tar files and Parquet files, which are not opened.

    See `find_images`. The rows of Parquet files are images too.
    """
    return _Sources(*_checked(inputs, stdin))


def _checked(
    inputs: Sequence[str | os.PathLike[str]], stdin: BinaryIO | None
) -> tuple[list[str], BinaryIO | None]:
    if isinstance(inputs, str | os.PathLike):
        raise InvalidInputError(f"inputs is a single path, {inputs!r}. Give a list: [{inputs!r}].")
    if not inputs:
        raise NoImagesError(f"No input given. {_ALLOWED}")
    return [os.fsdecode(name) for name in inputs], stdin


class _Sources:
    """Iterable over the images and tar files of the inputs; each iteration searches again."""

    def __init__(self, inputs: list[str], stdin: BinaryIO | None) -> None:
        self._inputs = inputs
        if "-" in inputs:
            if stdin is None and sys.stdin is None:
                raise NoImagesError("-: standard input is closed. Pipe a list of paths to it.")
            self._listed = spool(stdin or sys.stdin.buffer)
            weakref.finalize(self, self._listed.close)

    def __iter__(self) -> Iterator[str]:
        for name in self._inputs:
            yield from read_paths(self._listed, "standard input") if name == "-" else _expand(name)


class _Images(_Sources):
    """Iterable over the images of the inputs, also those in tar files."""

    def __iter__(self) -> Iterator[str]:
        for path in super().__iter__():
            if is_tar(path) and not os.path.isdir(path):
                yield from list_tar(path)
            elif is_parquet(path):
                raise NoImagesError(
                    f"{path}: images in Parquet files can only be extracted to Parquet. Choose an "
                    "output NAME.parquet."
                )
            else:
                yield path


def _expand(name: str) -> Iterator[str]:
    if is_remote(name):
        if name.lower().endswith(".txt"):
            return _read_remote_list(name)
        return _images(
            list_remote(name),
            f"{name}: this address has",
            suffix=_container_suffix(name),
            named=name,
        )
    if os.path.isdir(name):
        return _images(
            walk(name),
            f"{name}: this folder contains",
            suffix=PARQUET if is_parquet(name) else None,
        )
    if os.path.isfile(name) and name.lower().endswith(".txt"):
        return _read_list(name)
    if os.path.exists(name):
        return iter([name])
    if any(map(_is_magic, Path(name).parts)):
        return _match(name)
    raise NoImagesError(f"{name!r}: no such file or folder. {_ALLOWED}")


def _read_list(name: str) -> Iterator[str]:
    try:
        file = open(name, "rb")  # noqa: SIM115 - the generator's with statement closes it
    except OSError as error:
        raise NoImagesError(f"{name}: cannot read this list ({error.strerror}).") from error
    with file:
        yield from read_paths(file, name)


def _read_remote_list(name: str) -> Iterator[str]:
    try:
        content = read_range(name)
    except OSError as error:
        if isinstance(error, ReidAlignError):
            raise
        raise NoImagesError(
            f"{name}: cannot read this list ({error.strerror or error})."
        ) from error
    yield from read_paths(io.BytesIO(content), name)


def _container_suffix(pattern: str) -> str | None:
    """Return the ending of tar or Parquet files if a pattern has it."""
    return next((end for end in (TAR, PARQUET) if pattern.lower().endswith(end)), None)


def _is_magic(part: str) -> bool:
    return any(character in part for character in "*?[")


def _match(pattern: str) -> Iterator[str]:
    """Search from the last folder in ``pattern`` without wildcards."""
    parts = Path(pattern).parts
    start = next(i for i, part in enumerate(parts) if _is_magic(part))
    root = os.path.join("", *parts[:start])
    files = walk(root, parts[start:]) if os.path.isdir(root or os.curdir) else iter(())
    return _images(files, f"{pattern}: this pattern matches", suffix=_container_suffix(pattern))


def _images(
    files: Iterator[str], found: str, *, suffix: str | None = None, named: str = ""
) -> Iterator[str]:
    """Yield the images; raise NoImagesError with the number of other files if there are none."""
    images = others = tar_files = 0
    for path in files:
        if is_image(path) or (suffix and path.lower().endswith(suffix)) or path == named:
            images += 1
            yield path
        else:
            others += 1
            tar_files += is_tar(path)
    if not images:
        instead = f"only {others} other files" if others else "and no other file"
        if tar_files:
            instead = f"but {tar_files} tar files; give a pattern that ends in .tar for them"
        raise NoImagesError(
            f"{found} no image, {instead} (hidden files are skipped). "
            f"Supported formats: {FORMAT_NAMES}. {_ALLOWED}"
        )
