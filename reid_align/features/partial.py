"""The unfinished output of an extraction: a folder beside the target that a later run continues."""

import json
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

from reid_align.errors import OutputError
from reid_align.features.batches import FeatureBatch
from reid_align.features.formats import (
    CSV_HEADER,
    Json,
    csv_line,
    first_difference,
    json_line,
    write_array_header,
    write_json,
)
from reid_align.features.progress import (
    DATA,
    DESCRIPTION,
    FAILED,
    FEATURES,
    NOTHING,
    PROGRESS,
    ROWS,
    Progress,
    read_state,
)
from reid_align.features.unfinished import (
    is_unfinished,
    locked,
    partial_folder,
    require_none,
)
from reid_align.files import writing

CONTINUE = "Nothing that was done is lost: once that is mended, run the same command with --resume."
SECONDS_BETWEEN_CHECKPOINTS = 2.0


class PartialOutput:
    """Grows ``features.npy``, ``rows.csv`` and ``failed.jsonl`` side by side in one folder.

    Every few seconds, and when the run stops, ``progress.json`` states how much of each file
    counts; by then that much is on the disk. A run that is killed leaves the folder; the next one
    cuts off what does not count and goes on. Entering the context opens the folder, leaving it
    closes the files.

    Args:
        target: the final ``.npy``; the folder is ``target`` + ``.partial``.
        feature_dim: D.
        settings: what made the features; a continued run must have the same.
        resume: continue what is there, if anything.
    """

    def __init__(
        self, target: Path, feature_dim: int, settings: Mapping[str, Json], *, resume: bool
    ) -> None:
        self.target = target
        self.folder = partial_folder(target)
        self.feature_dim = feature_dim
        self.progress = NOTHING
        self._settings = settings
        self._resume = resume
        self._files: dict[str, BinaryIO] = {}
        self._stack = ExitStack()
        self._written = 0.0

    def __enter__(self) -> "PartialOutput":
        """Open the folder, alone.

        Raises:
            OutputError: it cannot be written, another process works in it, there is unfinished
                work and ``resume`` is False, or that was begun with other settings.
        """
        with writing(self.folder, CONTINUE), ExitStack() as stack:
            self.folder.mkdir(exist_ok=True)
            stack.enter_context(locked(self.folder))
            self._read_progress()
            stack.callback(self._remove_if_empty)
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def append(self, batch: FeatureBatch) -> None:
        """Write one batch and make it count.

        Raises:
            OutputError: the disk is full or cannot be written; what counted before still does.
        """
        with writing(self.folder, CONTINUE):
            first = self.progress.rows
            values = np.ascontiguousarray(batch.values, np.float32)
            rows = (csv_line(first + i, path) for i, path in enumerate(batch.paths))
            failed = (json_line(asdict(failure)) for failure in batch.failed)
            self._files[FEATURES].write(values.tobytes())
            self._files[ROWS].write(b"".join(rows))
            self._files[FAILED].write(b"".join(failed))
            images = self.progress.images + len(batch.paths) + len(batch.failed)
            self._count(images, first + len(batch.paths))
            if time.monotonic() - self._written > SECONDS_BETWEEN_CHECKPOINTS:
                self._checkpoint()

    def publish(self) -> int:
        """Move the finished work to the target and delete the folder.

        Returns:
            The number of images that failed.

        Raises:
            OutputError: a file cannot be written; the work is kept.
        """
        with writing(self.target, CONTINUE):
            self._files[FEATURES].seek(0)
            write_array_header(self._files[FEATURES], self.progress.rows, self.feature_dim)
            self._checkpoint()
            lines = (self.folder / FAILED).read_text("utf-8").splitlines()
            failed: list[Json] = [json.loads(line) for line in lines]
            description = {**self._settings, "rows": self.progress.rows, "failed": failed}
            # Without the array nothing is there; it goes first and comes last.
            self.target.unlink(missing_ok=True)
            write_json(self.target.with_suffix(".json"), description)
            shutil.copyfile(self.folder / ROWS, self.folder / f"{ROWS}.copy")
            (self.folder / f"{ROWS}.copy").replace(self.target.with_suffix(".csv"))
            (self.folder / FEATURES).replace(self.target)
            self.progress = NOTHING
            self._stack.close()
        return len(failed)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # On a full disk these may fail again; the error that matters is on its way already.
        with suppress(OSError):
            if self.progress.images:
                self._checkpoint()
        with suppress(OSError):
            self._stack.close()

    def _read_progress(self) -> None:
        if not self._resume:
            require_none(self.folder)
        if not is_unfinished(self.folder):
            return
        found, before = read_state(self.folder)
        if key := first_difference(before, self._settings):
            raise OutputError(
                f"{self.folder} was begun with {key} {before.get(key)!r}, this run has "
                f"{self._settings[key]!r}. Use what it was begun with, or delete that folder to "
                "begin anew."
            )
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
            self._count(0, 0)

    def _count(self, images: int, rows: int) -> None:
        for file in self._files.values():
            file.flush()
        sizes = {name: file.tell() for name, file in self._files.items()}
        self.progress = Progress(images, rows, sizes)

    def _checkpoint(self) -> None:
        # The data first: what progress.json counts has to survive a power cut too.
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        write_json(self.folder / PROGRESS, asdict(self.progress))
        self._written = time.monotonic()

    def _remove_if_empty(self) -> None:
        if not self.progress.images:
            shutil.rmtree(self.folder, ignore_errors=True)
