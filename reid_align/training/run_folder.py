"""The folder of one run: whose it is, what it was begun with, and that nobody else works in it."""

import json
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock, Timeout

import reid_align
from reid_align.errors import OutputError
from reid_align.files import replace_file, writing

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

CONFIG, LOCK = "config.json", "lock"
SHOWN = 5


@contextmanager
def open_folder(folder: Path, places: Sequence[str]) -> Iterator[None]:
    """Make a folder for a run, or take one that holds a run, for this process alone.

    What a killed run left half written is removed.

    Args:
        folder: of the run. Folders that are not the run's may be in it, too.
        places: the folders in it that are.

    Raises:
        OutputError: it holds other files, another process works in it, or it cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        foreign = [path.name for path in folder.iterdir() if path.is_file() and not _ours(path)]
    if foreign and not (folder / CONFIG).exists():
        raise OutputError(
            f"{folder} holds {foreign[0]!r} and is no run. Give a new or an empty folder."
        )
    lock = FileLock(folder / LOCK)
    with writing(folder):
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise OutputError(
                f"Another process is training in {folder}. Wait for its end."
            ) from error
    try:
        with writing(folder):
            _sweep(folder, *(folder / name for name in places))
        yield
    finally:
        lock.release()


def describe_environment() -> dict[str, Json]:
    """Return the versions of what computes, and the commit of this library if it is known."""
    package = Path(reid_align.__file__).parent
    commit = None
    git = shutil.which("git")
    if git is not None and (package.parent / ".git").exists():
        command = [git, "-C", str(package), "rev-parse", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        commit = done.stdout.strip() or None
    return {
        "reid_align": reid_align.__version__,
        "commit": commit,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def write_config(folder: Path, config: Mapping[str, Json]) -> None:
    """Write ``config.json``.

    Raises:
        OutputError: it cannot be written.
    """
    path = folder / CONFIG
    with writing(path):
        replace_file(path, (json.dumps(config, indent=2) + "\n").encode())


def check_config(folder: Path, config: Mapping[str, Json], free: frozenset[str]) -> None:
    """Refuse to continue a run with anything that would change it.

    Args:
        folder: of the run.
        config: what it would be continued with.
        free: the paths of what may differ ("training.keep"), with all that is below them.

    Raises:
        OutputError: something else differs, or the file is damaged.
    """
    path = folder / CONFIG
    try:
        before = dict(_flat("", json.loads(path.read_text("utf-8"))))
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} is damaged ({error}). Begin anew in another folder.") from error
    now = dict(_flat("", json.loads(json.dumps(config))))
    different = [
        f"{name} was {before.get(name, 'not there')} and is {now.get(name, 'not there')}"
        for name in sorted(before.keys() | now.keys())
        if (name in before, before.get(name)) != (name in now, now.get(name))
        and not any(name == path or name.startswith(f"{path}.") for path in free)
    ]
    if different:
        raise OutputError(
            f"{folder} was begun otherwise: {'; '.join(different[:SHOWN])}. Continue it as it was "
            "begun, or give another folder."
        )


def _sweep(*places: Path) -> None:
    """Remove what is half written."""
    for place in places:
        for left in place.glob("*.partial"):
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()


def _flat(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _flat(f"{path}.{key}" if path else key, below)
    else:
        yield path, value


def _ours(path: Path) -> bool:
    return path.name == LOCK or path.suffix == ".partial"
