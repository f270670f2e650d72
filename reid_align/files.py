"""Atomic file output, and errors for outputs that cannot be written."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reid_align.errors import OutputError, OutputExistsError, ReidAlignError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def writing(
    path: Path, advice: str | None = None, kind: type[OutputError] = OutputError
) -> Iterator[None]:
    """Convert OSError to OutputError with the output's name.

    Args:
        path: the output being written.
        advice: what to do, as a sentence; default: free space or choose another output.
        kind: class of the error.
    """
    try:
        yield
    except ReidAlignError:
        raise
    except OSError as error:
        action = "Free disk space or choose" if error.errno in _FULL else "Choose"
        advice = advice or f"{action} another output, then try again."
        raise kind(f"Cannot write {path}: {_reason(error)}. {advice}") from error


def _reason(error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "a file exists where a folder is needed"
    return error.strerror or str(error)


def _partial(path: Path) -> Path:
    """Return the temporary name of an output that is being written."""
    return path.with_name(f"{path.name}.{os.getpid()}.partial")


def replace_file(path: Path, content: bytes) -> None:
    """Write a file atomically: write a temporary file, then rename it over the old one."""
    partial = _partial(path)
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def remove_stale_files(folder: Path) -> None:
    """Delete temporary files of `replace_file` below a folder, if their process has ended."""
    for path in folder.rglob("*.partial"):
        process = re.search(r"\.(\d{1,9})\.partial$", path.name)
        if process and not _is_running(int(process[1])):
            path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to another user
        return True
    return True


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Provide a temporary folder that is renamed to ``folder`` on success.

    Raises:
        OutputExistsError: ``folder`` is not empty.
        OutputError: ``folder`` cannot be written.
    """
    folder = folder.absolute()
    partial = _partial(folder)
    try:
        with writing(folder):
            if folder.exists() and any(folder.iterdir()):
                raise OutputExistsError(f"{folder} is not empty. Give a new or an empty folder.")
            partial.mkdir(parents=True)
            yield partial
            partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_writable(path: Path) -> None:
    """Check an output path before the work starts.

    Raises:
        OutputError: the path is a folder, its name is too long, or its parent folder does not
            exist or is not writable.
    """
    parent = path.parent
    with writing(path):
        is_folder, has_parent = path.is_dir(), parent.is_dir()
        # Raises if the temporary name would be too long.
        _partial(path).is_dir()
    if is_folder:
        raise OutputError(f"Output {path} is a folder. Give a file name.")
    if not has_parent:
        raise OutputError(f"Output {path}: the folder {parent} does not exist. Create it first.")
    if not os.access(
        parent, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids
    ):
        raise OutputError(
            f"Output {path}: the folder {parent} is not writable. Choose another output."
        )
