"""Batches from several streams, each of which remembers how far it was read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from reid_align.batches.batch import Batch
from reid_align.errors import InvalidInputError


class Stream(Protocol):
    """Batches in an order that depends on the epoch only."""

    def batches_per_epoch(self, epoch: int) -> int:
        """Return how many batches an epoch has."""

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, from the one with the number ``start``."""

    def fingerprint(self) -> str:
        """Return what identifies the data and how batches are made of it."""


@dataclass(frozen=True)
class Cursor:
    """How far a stream was read: ``position`` batches of its epoch ``epoch``."""

    epoch: int = 0
    position: int = 0


class Feed:
    """Reads one stream again and again, in one go or in several.

    Args:
        name: of the stream.
        stream: what to read.
        cursor: where to begin.
    """

    def __init__(self, name: str, stream: Stream, cursor: Cursor) -> None:
        self.name = name
        self.cursor = cursor
        self._stream = stream
        self._batches: Iterator[Batch] | None = None
        self._length: int | None = None
        self._first: Batch | None = None

    def left(self) -> int:
        """Return how many batches the epoch still has, at least 1.

        Raises:
            InvalidInputError: an epoch without batches.
        """
        if self._length is None:
            self._length = self._stream.batches_per_epoch(self.cursor.epoch)
        if self._length < 1:
            raise InvalidInputError(
                f"Stream {self.name!r} has no batch in epoch {self.cursor.epoch}: there are too "
                "few images or identities for one. Take smaller batches or more data."
            )
        return self._length - self.cursor.position

    def take(self) -> Batch:
        """Return the next batch, and begin the next epoch after the last one of this.

        Raises:
            InvalidInputError: an epoch without batches, or one that ends too early.
        """
        left = self.left()
        if self._batches is None:
            self._batches = self._stream.epoch(self.cursor.epoch, self.cursor.position)
        batch = next(self._batches, None)
        if batch is None:
            raise InvalidInputError(
                f"Stream {self.name!r} ended {left} batches before the end of its epoch."
            )
        if self.cursor == Cursor():
            self._first = batch
        if left > 1:
            self.cursor = Cursor(self.cursor.epoch, self.cursor.position + 1)
        else:
            self.cursor = Cursor(self.cursor.epoch + 1)
            self._batches = self._length = None
        return batch

    def first(self) -> Batch:
        """Return the very first batch of the stream, wherever it is being read.

        It is kept when it is taken, because to read it anew starts all processes that decode.
        """
        if self._first is None:
            self._first = next(self._stream.epoch(0))
        return self._first


def open_feeds(streams: Mapping[str, Stream], cursors: Mapping[str, Cursor]) -> dict[str, Feed]:
    """Return a feed for each stream, which begins where the cursor of its name is."""
    return {
        name: Feed(name, stream, cursors.get(name, Cursor())) for name, stream in streams.items()
    }
