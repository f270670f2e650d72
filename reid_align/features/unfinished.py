"""The folder beside a target in which its extraction lies until it is done: where, whose, begun?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from reid_align.errors import OutputError
from reid_align.features.progress import FEATURES, PROGRESS, read_state
from reid_align.files import writing

LOCK = "lock"


def partial_folder(target: Path) -> Path:
    """Return the folder of a target's unfinished work."""
    return Path(f"{target}.partial")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder.

    Raises:
        OutputError: another one works in it.
    """
    try:
        lock = FileLock(folder / LOCK, timeout=0).acquire()
    except Timeout:
        raise OutputError(
            f"Another process is writing {folder}. Wait for it, or choose another output."
        ) from None
    with lock:
        yield


def is_unfinished(folder: Path) -> bool:
    """Return whether a folder holds work that a later run can continue."""
    # Without the array the folder is what is left of a run that had just been published.
    return (folder / PROGRESS).exists() and (folder / FEATURES).exists()


def require_none(folder: Path) -> None:
    """Refuse to begin anew where unfinished work lies.

    Raises:
        OutputError: there is some; the message says how to go on.
    """
    if is_unfinished(folder):
        found, _ = read_state(folder)
        raise OutputError(
            f"{folder} holds an unfinished run ({found.images} images done). "
            "Continue it with --resume, or delete that folder to begin again."
        )


def check_unfinished(target: Path, *, resume: bool) -> None:
    """Refuse a target that another process writes, or unfinished work that is not to be resumed.

    Another process counts once it has begun to extract; while it adapts, it has written nothing.

    Raises:
        OutputError: it is so; the message says how to go on.
    """
    folder = partial_folder(target)
    if folder.is_dir():
        with writing(folder), locked(folder):
            if not resume:
                require_none(folder)
