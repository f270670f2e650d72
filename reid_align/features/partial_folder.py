"""Working folder of an unfinished extraction: its path, lock and progress."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from filelock import FileLock, Timeout

from reid_align.errors import InvalidInputError, OutputError, UnfinishedOutputError
from reid_align.features.feature_files import Json
from reid_align.files import writing
from reid_align.typed_reading import read_object, read_record

FEATURES, ROWS, FAILED = "features.npy", "rows.csv", "failed.jsonl"
DATA = (FEATURES, ROWS, FAILED)
DESCRIPTION, PROGRESS = "description.json", "progress.json"
LOCK = "lock"


@dataclass(frozen=True)
class ExtractionProgress:
    """Progress of an extraction at its last checkpoint.

    Attributes:
        images: images processed, readable or not.
        rows: features written.
        sizes: valid bytes of each data file; anything after them is from an interrupted write.

    Raises:
        InvalidInputError: numbers that contradict each other, or other files.
    """

    images: int
    rows: int
    sizes: Mapping[str, int]

    def __post_init__(self) -> None:
        if not 0 <= self.rows <= self.images or any(size < 0 for size in self.sizes.values()):
            raise InvalidInputError(
                f"{self.images} images, {self.rows} rows and sizes {dict(self.sizes)} contradict "
                "each other"
            )
        if self.images and set(self.sizes) != set(DATA):
            raise InvalidInputError(f"sizes: expected {', '.join(DATA)}")


NO_PROGRESS = ExtractionProgress(0, 0, {})


def partial_folder(target: Path) -> Path:
    """Return the working folder of a target's unfinished extraction."""
    return Path(f"{target}.partial")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder against other processes.

    Raises:
        OutputError: another process holds the lock.
    """
    try:
        lock = FileLock(folder / LOCK, timeout=0).acquire()
    except Timeout:
        raise OutputError(
            f"Another process is writing {folder}. Wait until it finishes, or choose another "
            "output."
        ) from None
    with lock:
        yield


def is_unfinished(folder: Path) -> bool:
    """Return whether a folder holds work that a later run can resume."""
    # Without the array, the folder is a leftover of a run that was just published.
    return (folder / PROGRESS).exists() and (folder / FEATURES).exists()


def require_no_unfinished(folder: Path) -> None:
    """Refuse to start a new run over unfinished work.

    Raises:
        UnfinishedOutputError: the folder holds unfinished work.
    """
    if is_unfinished(folder):
        found, _ = read_progress(folder)
        raise UnfinishedOutputError(
            f"{folder} holds an unfinished run ({found.images} images done). "
            "Resume that run (resume=True), or delete the folder to start over."
        )


def check_unfinished(target: Path, *, resume: bool) -> None:
    """Refuse a target that another process writes, or unfinished work if not resuming.

    A process that is still adapting its encoder has written nothing and is not detected.

    Raises:
        OutputError: another process writes the target.
        UnfinishedOutputError: there is unfinished work, and ``resume`` is False.
    """
    folder = partial_folder(target)
    if folder.is_dir():
        with writing(folder), locked(folder):
            if not resume:
                require_no_unfinished(folder)


def read_progress(folder: Path) -> tuple[ExtractionProgress, Mapping[str, Json]]:
    """Return the progress of an unfinished run, and the settings it was started with.

    Raises:
        OutputError: a file is damaged, or shorter than recorded.
    """
    try:
        recorded = json.loads((folder / PROGRESS).read_text("utf-8"))
        found = read_record(ExtractionProgress, recorded)
        before = read_object(json.loads((folder / DESCRIPTION).read_text("utf-8")))
        sizes = {name: (folder / name).stat().st_size for name in DATA}
    except (OSError, ValueError, RecursionError) as error:
        raise OutputError(
            f"{folder} is damaged ({error}). Delete the folder to start over."
        ) from error
    if any(sizes[name] < found.sizes[name] for name in DATA):
        raise OutputError(
            f"{folder} is damaged: a file is shorter than recorded in {PROGRESS}. Delete the "
            "folder to start over."
        )
    return found, cast(Mapping[str, Json], before)


def remove_leftover(folder: Path) -> None:
    """Delete the folder of a finished extraction that was stopped before it deleted the folder."""
    if folder.is_dir():
        with writing(folder), locked(folder):
            if not is_unfinished(folder):
                shutil.rmtree(folder, ignore_errors=True)
