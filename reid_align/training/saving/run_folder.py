"""Run folder: lock, cleanup after a crash, and ``config.json``."""

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
# Settings that older runs do not record, with the value that they used.
ADDED_LATER: dict[str, Json] = {
    "state_per_stream": False,
    "frozen_norms": False,
    "interpolation": "bilinear",
    "fine_tunes": False,
    "evaluate_start": False,
}
MAX_LISTED = 5


@contextmanager
def open_folder(folder: Path, subfolders: Sequence[str]) -> Iterator[None]:
    """Create or reopen a run folder, lock it, and remove partial files of a killed process.

    Args:
        folder: run folder.
        subfolders: subfolders that belong to the run. Others are not touched.

    Raises:
        OutputError: the folder holds other files, is locked by another process or is not writable.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        foreign = [path.name for path in folder.iterdir() if path.is_file() and not _ours(path)]
    if foreign and not (folder / CONFIG).exists():
        raise OutputError(
            f"{folder} contains {foreign[0]!r} and is not a run folder. Use a new or empty folder."
        )
    lock = FileLock(folder / LOCK)
    with writing(folder):
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise OutputError(
                f"Another process is training in {folder}. Wait until it ends, or stop it."
            ) from error
    try:
        with writing(folder):
            _remove_partial_files(folder, *(folder / name for name in subfolders))
        yield
    finally:
        lock.release()


def describe_environment() -> dict[str, Json]:
    """Return package versions, and the commit of this library if it runs from a repository."""
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
    """Write ``config.json``."""
    path = folder / CONFIG
    with writing(path):
        replace_file(path, (json.dumps(config, indent=2) + "\n").encode())


def list_changes(
    folder: Path, config: Mapping[str, Json], may_change: frozenset[str]
) -> dict[str, str]:
    """Return the settings that differ from those of the run, with a description of the change.

    Args:
        folder: run folder.
        config: the settings to continue with.
        may_change: paths of settings that may differ ("training.keep"), including all below them.

    Raises:
        OutputError: ``config.json`` is damaged.
    """
    path = folder / CONFIG
    try:
        before = dict(_flatten("", json.loads(path.read_text("utf-8"))))
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{path} is damaged ({error}). Start a new run in another folder."
        ) from error
    now = dict(_flatten("", json.loads(json.dumps(config))))
    for name in now.keys() - before.keys():
        if (setting := name.rpartition(".")[2]) in ADDED_LATER:
            before[name] = ADDED_LATER[setting]
    return {
        name: f"{name} was {before.get(name, 'not set')} and is {now.get(name, 'not set')}"
        for name in sorted(before.keys() | now.keys())
        if (name in before, before.get(name)) != (name in now, now.get(name))
        and not any(name == path or name.startswith(f"{path}.") for path in may_change)
    }


def check_config(folder: Path, config: Mapping[str, Json], may_change: frozenset[str]) -> None:
    """Refuse to continue a run with other settings.

    Args:
        folder: run folder.
        config: the settings to continue with.
        may_change: paths of settings that may differ ("training.keep"), including all below them.

    Raises:
        OutputError: another setting differs, or ``config.json`` is damaged.
    """
    different = list(list_changes(folder, config, may_change).values())
    if different:
        raise OutputError(
            f"{folder} was started with different settings: {'; '.join(different[:MAX_LISTED])}. "
            "Use the same settings or another folder."
        )


def _remove_partial_files(*folders: Path) -> None:
    for folder in folders:
        for partial in folder.glob("*.partial"):
            if partial.is_dir():
                shutil.rmtree(partial)
            else:
                partial.unlink()


def _flatten(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _flatten(f"{path}.{key}" if path else key, below)
    else:
        yield path, value


def _ours(path: Path) -> bool:
    return path.name == LOCK or path.suffix == ".partial"
