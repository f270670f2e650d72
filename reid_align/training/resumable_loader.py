"""Batch loader that can stop after any batch and continue there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from reid_align.batches.batch import Batch
from reid_align.errors import InvalidInputError


class TrainingLoader(Protocol):
    """Loader for one stream of batches. The order of the batches depends only on the epoch."""

    def batches_per_epoch(self, epoch: int) -> int:
        """Return the number of batches in an epoch."""

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, starting with batch number ``start``."""

    def fingerprint(self) -> str:
        """Return a text that identifies the data and all settings that affect the batches."""


@dataclass(frozen=True)
class LoaderCursor:
    """Position of a loader: the next batch is number ``position`` of epoch ``epoch``."""

    epoch: int = 0
    position: int = 0


class ResumableLoader:
    """Endless batches from a loader, starting at a cursor.

    Args:
        name: stream name, for error messages.
        loader: the loader to read.
        cursor: where to start.

    Attributes:
        cursor: position of the next batch.
    """

    def __init__(self, name: str, loader: TrainingLoader, cursor: LoaderCursor) -> None:
        self.name = name
        self.cursor = cursor
        self._loader = loader
        self._batches: Iterator[Batch] | None = None
        self._length: int | None = None
        self._first: Batch | None = None

    def remaining(self) -> int:
        """Return the number of batches left in the current epoch, at least 1.

        Raises:
            InvalidInputError: the epoch has no batches.
        """
        if self._length is None:
            self._length = self._loader.batches_per_epoch(self.cursor.epoch)
        if self._length < 1:
            raise InvalidInputError(
                f"Stream {self.name!r} has no batches in epoch {self.cursor.epoch}: the dataset "
                "has too few images or identities. Use a smaller batch size or more data."
            )
        return self._length - self.cursor.position

    def next_batch(self) -> Batch:
        """Return the next batch. The batch after the last one of an epoch is the next epoch's.

        Raises:
            InvalidInputError: the epoch has no batches or fewer than announced.
        """
        remaining = self.remaining()
        if self._batches is None:
            self._batches = self._loader.epoch(self.cursor.epoch, self.cursor.position)
        batch = next(self._batches, None)
        if batch is None:
            raise InvalidInputError(
                f"Stream {self.name!r} ended {remaining} batches before the end of its epoch."
            )
        if self.cursor == LoaderCursor():
            self._first = batch
        if remaining > 1:
            self.cursor = LoaderCursor(self.cursor.epoch, self.cursor.position + 1)
        else:
            self.cursor = LoaderCursor(self.cursor.epoch + 1)
            self._batches = self._length = None
        return batch

    def first_batch(self) -> Batch:
        """Return the first batch of epoch 0. Does not move the cursor."""
        # Cached by `next_batch`: reading it again would start all worker processes again.
        if self._first is None:
            self._first = next(self._loader.epoch(0))
        return self._first
