"""Writer of an unfinished extraction that a later run can resume."""

import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

from reid_align.errors import OutputError, UnfinishedOutputError
from reid_align.features.feature_batches import FeatureBatch
from reid_align.features.feature_files import (
    CSV_HEADER,
    Json,
    csv_line,
    first_difference,
    json_line,
    write_array_header,
    write_json,
)
from reid_align.features.partial_check import check_partial
from reid_align.features.partial_folder import (
    DATA,
    DESCRIPTION,
    FAILED,
    FEATURES,
    NO_PROGRESS,
    PROGRESS,
    ROWS,
    ExtractionProgress,
    is_unfinished,
    locked,
    partial_folder,
    read_progress,
    require_no_unfinished,
)
from reid_align.files import writing

RESUME_ADVICE = "Finished work is kept. Fix the problem, then resume the run (resume=True)."
SECONDS_BETWEEN_CHECKPOINTS = 2.0


class PartialOutput:
    """Appends to ``features.npy``, ``rows.csv`` and ``failed.jsonl`` in the working folder.

    Every few seconds, and when the run stops, it syncs the files and records their valid sizes in
    ``progress.json``. A killed run leaves the folder; the next run truncates the files to these
    sizes and continues. Use as a context manager.

    Args:
        target: the final ``.npy``; the folder is ``target`` + ``.partial``.
        feature_dim: D.
        settings: description of the run; a resumed run must have the same.
        names: images of this run, in order; unfinished work is checked against them.
        resume: continue unfinished work, if there is any.
    """

    def __init__(
        self,
        target: Path,
        feature_dim: int,
        settings: Mapping[str, Json],
        names: Iterable[str],
        *,
        resume: bool,
    ) -> None:
        self.target = target
        self.folder = partial_folder(target)
        self.feature_dim = feature_dim
        self.progress = NO_PROGRESS
        self._settings = settings
        self._names = names
        self._resume = resume
        self._files: dict[str, BinaryIO] = {}
        self._stack = ExitStack()
        self._written = 0.0

    def __enter__(self) -> "PartialOutput":
        """Open and lock the folder.

        Raises:
            OutputError: the folder cannot be written, another process uses it, or its unfinished
                work is damaged or has other settings.
            UnfinishedOutputError: there is unfinished work, and ``resume`` is False.
        """
        with writing(self.folder, RESUME_ADVICE, UnfinishedOutputError), ExitStack() as stack:
            self.folder.mkdir(exist_ok=True)
            stack.enter_context(locked(self.folder))
            self._read_progress()
            stack.callback(self._remove_if_empty)
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def append(self, batch: FeatureBatch) -> None:
        """Write one batch.

        Raises:
            UnfinishedOutputError: the disk cannot be written; earlier batches stay valid.
        """
        with writing(self.folder, RESUME_ADVICE, UnfinishedOutputError):
            first = self.progress.rows
            values = np.ascontiguousarray(batch.values, np.float32)
            rows = (csv_line(first + i, path) for i, path in enumerate(batch.paths))
            failed = (json_line(asdict(failure)) for failure in batch.failed)
            self._files[FEATURES].write(values.tobytes())
            self._files[ROWS].write(b"".join(rows))
            self._files[FAILED].write(b"".join(failed))
            images = self.progress.images + len(batch.paths) + len(batch.failed)
            self._update_progress(images, first + len(batch.paths))
            if time.monotonic() - self._written > SECONDS_BETWEEN_CHECKPOINTS:
                self._checkpoint()

    def publish(self) -> int:
        """Move the finished work to the target and delete the folder.

        Returns:
            The number of images that failed.

        Raises:
            UnfinishedOutputError: a file cannot be written; the finished work is kept.
        """
        with writing(self.target, RESUME_ADVICE, UnfinishedOutputError):
            self._files[FEATURES].seek(0)
            write_array_header(self._files[FEATURES], self.progress.rows, self.feature_dim)
            self._checkpoint()
            lines = (self.folder / FAILED).read_text("utf-8").splitlines()
            failed: list[Json] = [json.loads(line) for line in lines]
            description = {**self._settings, "rows": self.progress.rows, "failed": failed}
            # Readers need the array: remove the old one first, move the new one last.
            self.target.unlink(missing_ok=True)
            # Written in the folder, which the next run deletes if this one is killed.
            write_json(self.folder / "published.json", description)
            (self.folder / "published.json").replace(self.target.with_suffix(".json"))
            shutil.copyfile(self.folder / ROWS, self.folder / "published.csv")
            (self.folder / "published.csv").replace(self.target.with_suffix(".csv"))
            (self.folder / FEATURES).replace(self.target)
            self.progress = NO_PROGRESS
            self._stack.close()
        return len(failed)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # On a full disk these may fail again; the original error is already being raised.
        with suppress(OSError):
            if self.progress.images:
                self._checkpoint()
        with suppress(OSError):
            self._stack.close()

    def _read_progress(self) -> None:
        if not self._resume:
            require_no_unfinished(self.folder)
        if not is_unfinished(self.folder):
            return
        found, before = read_progress(self.folder)
        if key := first_difference(before, self._settings):
            raise OutputError(
                f"{self.folder} was started with different settings: {key} was "
                f"{before.get(key)!r}, now it is {self._settings[key]!r}. Use the settings it was "
                "started with, or delete the folder to start over."
            )
        check_partial(self.folder, found, self._names, self.feature_dim)
        self.progress = found

    def _open(self, stack: ExitStack) -> None:
        for name in DATA:
            (self.folder / name).touch()
            file = stack.enter_context((self.folder / name).open("r+b"))
            file.truncate(self.progress.sizes.get(name, 0))
            file.seek(0, os.SEEK_END)
            self._files[name] = file
        if not self.progress.sizes:
            write_json(self.folder / DESCRIPTION, self._settings)
            write_array_header(self._files[FEATURES], 0, self.feature_dim)
            self._files[ROWS].write(CSV_HEADER)
            self._update_progress(0, 0)

    def _update_progress(self, images: int, rows: int) -> None:
        for file in self._files.values():
            file.flush()
        sizes = {name: file.tell() for name, file in self._files.items()}
        self.progress = ExtractionProgress(images, rows, sizes)

    def _checkpoint(self) -> None:
        # Data first: everything recorded in progress.json must survive a power failure.
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        write_json(self.folder / PROGRESS, asdict(self.progress))
        self._written = time.monotonic()

    def _remove_if_empty(self) -> None:
        if not self.progress.images:
            shutil.rmtree(self.folder, ignore_errors=True)
