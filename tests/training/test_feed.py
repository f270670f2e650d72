from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import torch
from toy_training import MemoryStream

from reid_align.batches.batch import Batch
from reid_align.errors import InvalidInputError
from reid_align.training.feed import Cursor, Feed


def test_a_stream_is_read_again_and_again() -> None:
    stream = MemoryStream(length=2)
    feed = Feed("reid", stream, Cursor())
    for epoch, number in [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 0)]:
        assert feed.cursor == Cursor(epoch, number)
        assert feed.left() == stream.batches_per_epoch(epoch) - number
        assert torch.equal(feed.take().images, stream.batch(epoch, number).images)


def test_reading_in_two_pieces_is_reading_in_one() -> None:
    whole = Feed("reid", MemoryStream(), Cursor())
    for taken in range(8):
        again = Feed("reid", MemoryStream(), whole.cursor)
        expected = whole.take().images
        assert torch.equal(again.take().images, expected), taken


def test_the_first_batch_can_be_looked_at_from_anywhere() -> None:
    feed = Feed("reid", MemoryStream(), Cursor(3, 1))
    assert torch.equal(feed.first().images, MemoryStream().batch(0, 0).images)
    assert feed.cursor == Cursor(3, 1)


@dataclass(frozen=True)
class Counting(MemoryStream):
    """Notes how often it is opened."""

    opened: list[tuple[int, int]] = field(default_factory=list)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        self.opened.append((epoch, start))
        return super().epoch(epoch, start)


def test_the_first_batch_is_read_once() -> None:
    for cursor, expected in ((Cursor(), [(0, 0)]), (Cursor(0, 1), [(0, 1), (0, 0)])):
        stream = Counting()
        feed = Feed("reid", stream, cursor)
        feed.take()
        feed.take()
        assert feed.first() is feed.first()
        assert torch.equal(feed.first().images, MemoryStream().batch(0, 0).images)
        assert stream.opened == expected


def test_an_epoch_without_batches_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Stream 'reid' has no batch in epoch 0"):
        Feed("reid", MemoryStream(length=0), Cursor()).take()


@dataclass(frozen=True)
class Short(MemoryStream):
    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        yield self.batch(epoch, start)


def test_a_stream_that_ends_too_early_is_named() -> None:
    feed = Feed("reid", Short(), Cursor())
    feed.take()
    with pytest.raises(InvalidInputError, match="'reid' ended 2 batches before the end"):
        feed.take()
