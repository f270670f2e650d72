"""Writing files so that they are there whole or not at all."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reid_align.errors import OutputError, ReidAlignError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def writing(path: Path, advice: str | None = None) -> Iterator[None]:
    """Turn the operating system's errors into OutputError with the output's name.

    Args:
        path: what is being written.
        advice: what to do, as a sentence; None is to choose another place, or to free space.
    """
    try:
        yield
    except ReidAlignError:
        raise
    except OSError as error:
        place = "Free space or choose" if error.errno in _FULL else "Choose"
        advice = advice or f"{place} another place, and run it again."
        raise OutputError(f"Cannot write {path}: {_reason(error)}. {advice}") from error


def _reason(error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "there is a file where a folder has to be"
    return error.strerror or str(error)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under another name and rename it; an earlier one of its name is replaced."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write in, which takes the name ``folder`` when everything is there.

    Raises:
        OutputError: ``folder`` holds something already, or cannot be written.
    """
    folder = folder.absolute()
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    try:
        with writing(folder):
            if folder.exists() and any(folder.iterdir()):
                raise OutputError(f"{folder} holds files already. Give a new or an empty folder.")
            partial.mkdir(parents=True)
            yield partial
            partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_writable(path: Path) -> None:
    """Refuse an output that cannot be, before any work is done for it.

    Raises:
        OutputError: the path is a folder, or its folder is not there.
    """
    if path.is_dir():
        raise OutputError(f"Output {path} is a folder. Name a file.")
    if not path.parent.is_dir():
        raise OutputError(f"Output {path}: there is no folder {path.parent}. Make it first.")
