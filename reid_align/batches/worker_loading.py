"""Batches made in other processes, in order; errors arrive as what they were raised as."""

import os
import signal
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset

from reid_align.batches.identity_sampling import Indices
from reid_align.batches.sample_builder import SampleMaker
from reid_align.batches.uint8_batch import RawBatch
from reid_align.errors import ReidAlignError


class Rows(NamedTuple):
    """Consecutive positions of an epoch, the first of them, and which image comes at each."""

    epoch: int
    first: int
    indices: Indices


def load(maker: SampleMaker, plan: Sequence[Rows], workers: int) -> Iterator[RawBatch]:
    """Yield the batch of each entry of the plan.

    Args:
        maker: of the samples.
        plan: what to load.
        workers: processes; they end with the iterator. 0 loads in this one, when a batch is due.

    Raises:
        ReidAlignError: whatever a sample raised; what was yielded before is whole.
    """
    loader = DataLoader(
        _RawBatches(maker),
        batch_size=None,
        sampler=plan,
        num_workers=workers,
        worker_init_fn=_leave_signals_to_the_parent,
        # Without one of its own the loader would draw a seed from the global generator.
        generator=torch.Generator(),
    )
    for raw in loader:
        if isinstance(raw, ReidAlignError):
            raise raw
        yield raw


class _RawBatches(Dataset[RawBatch | ReidAlignError]):
    """Makes the batch of some rows, in whatever process it is."""

    def __init__(self, maker: SampleMaker) -> None:
        self._maker = maker

    def __getitem__(self, rows: Rows) -> RawBatch | ReidAlignError:
        try:
            return RawBatch.stack(
                [
                    self._maker.make(int(index), rows.epoch, position)
                    for position, index in enumerate(rows.indices, rows.first)
                ]
            )
        except ReidAlignError as error:
            # Handed over as a value: raised in a worker it would lose its class and its attributes.
            return error


def _leave_signals_to_the_parent(_: int) -> None:
    # It is the training process that decides when to end, and that ends its workers. Ctrl-C and
    # torchrun signal a whole process group, and a worker that dies of it takes the training along
    # before there is a checkpoint. SIGTERM cannot be ignored, as it is how workers are ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgid"):  # Windows has no process groups of this kind.
        os.setpgid(0, 0)
