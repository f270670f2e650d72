from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import torch
from toy_training import MemoryLoader

from reid_align.batches.batch import Batch
from reid_align.errors import InvalidInputError
from reid_align.training.resumable_loader import LoaderCursor, ResumableLoader


def test_epochs_follow_each_other() -> None:
    stream = MemoryLoader(length=2)
    loader = ResumableLoader("reid", stream, LoaderCursor())
    for epoch, number in [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 0)]:
        assert loader.cursor == LoaderCursor(epoch, number)
        assert loader.remaining() == stream.batches_per_epoch(epoch) - number
        assert torch.equal(loader.next_batch().images, stream.batch(epoch, number).images)


def test_resuming_at_a_cursor_gives_the_same_batches() -> None:
    whole = ResumableLoader("reid", MemoryLoader(), LoaderCursor())
    for taken in range(8):
        again = ResumableLoader("reid", MemoryLoader(), whole.cursor)
        expected = whole.next_batch().images
        assert torch.equal(again.next_batch().images, expected), taken


def test_first_batch_does_not_move_the_cursor() -> None:
    loader = ResumableLoader("reid", MemoryLoader(), LoaderCursor(3, 1))
    assert torch.equal(loader.first_batch().images, MemoryLoader().batch(0, 0).images)
    assert loader.cursor == LoaderCursor(3, 1)


@dataclass(frozen=True)
class Counting(MemoryLoader):
    """Records every call of epoch()."""

    opened: list[tuple[int, int]] = field(default_factory=list)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        self.opened.append((epoch, start))
        return super().epoch(epoch, start)


def test_the_first_batch_is_read_once() -> None:
    for cursor, expected in ((LoaderCursor(), [(0, 0)]), (LoaderCursor(0, 1), [(0, 1), (0, 0)])):
        stream = Counting()
        loader = ResumableLoader("reid", stream, cursor)
        loader.next_batch()
        loader.next_batch()
        assert loader.first_batch() is loader.first_batch()
        assert torch.equal(loader.first_batch().images, MemoryLoader().batch(0, 0).images)
        assert stream.opened == expected


def test_an_epoch_without_batches_is_an_error() -> None:
    with pytest.raises(InvalidInputError, match="Stream 'reid' has no batches in epoch 0"):
        ResumableLoader("reid", MemoryLoader(length=0), LoaderCursor()).next_batch()


@dataclass(frozen=True)
class Short(MemoryLoader):
    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        yield self.batch(epoch, start)


def test_an_epoch_with_missing_batches_is_an_error() -> None:
    loader = ResumableLoader("reid", Short(), LoaderCursor())
    loader.next_batch()
    with pytest.raises(InvalidInputError, match="'reid' ended 2 batches before the end"):
        loader.next_batch()
