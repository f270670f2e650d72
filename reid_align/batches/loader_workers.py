"""Worker processes that build batches in order and pass on errors with their type."""

import os
import pickle
import signal
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset

from reid_align.batches.collation import Uint8Batch
from reid_align.batches.pk_sampling import Indices
from reid_align.batches.sample_builder import SampleBuilder
from reid_align.errors import ReidAlignError
from reid_align.worker_processes import check_worker_processes, explain_lost_workers


class BatchPlan(NamedTuple):
    """Images of batch ``number`` of an epoch: consecutive positions, from ``first``."""

    epoch: int
    number: int
    first: int
    indices: Indices


def build_batches(
    builder: SampleBuilder, plans: Sequence[BatchPlan], num_workers: int
) -> Iterator[Uint8Batch]:
    """Yield the batch of each plan, in order.

    Args:
        builder: builds the samples.
        plans: batches to build.
        num_workers: processes, which end with the iterator; 0 builds in this process, on demand.

    Raises:
        ReidAlignError: the error of the first sample that failed; earlier batches are complete.
        WorkerProcessError: the processes cannot be started, or one of them was killed.
    """
    if num_workers:
        check_worker_processes()
    loader = DataLoader(
        _PlannedBatches(builder),
        batch_size=None,
        sampler=plans,
        num_workers=num_workers,
        worker_init_fn=_ignore_interrupts,
        # Without a generator the loader draws a seed from the global one.
        generator=torch.Generator(),
    )
    with explain_lost_workers():
        for pickled in loader:
            # Safe: the bytes come from processes that this one started, through a pipe, not a file.
            batch = pickle.loads(pickled)
            if isinstance(batch, ReidAlignError):
                raise batch
            yield batch


class _PlannedBatches(Dataset[bytes]):
    """Maps a plan to its pickled batch.

    Pickled batches are sent through pipes. Tensors would be sent in shared memory, where torch
    waits forever if it is full; containers often have 64 MB of it.
    """

    def __init__(self, builder: SampleBuilder) -> None:
        self._builder = builder

    def __getitem__(self, plan: BatchPlan) -> bytes:
        return pickle.dumps(self._build(plan), pickle.HIGHEST_PROTOCOL)

    def _build(self, plan: BatchPlan) -> Uint8Batch | ReidAlignError:
        try:
            return Uint8Batch.collate(
                [
                    self._builder.build(int(index), plan.epoch, position, plan.number)
                    for position, index in enumerate(plan.indices, plan.first)
                ]
            )
        except ReidAlignError as error:
            # An exception raised in a worker loses its class and attributes; a value keeps them.
            return error


def _ignore_interrupts(_: int) -> None:
    # Ctrl-C and torchrun signal the whole process group. A worker that ends on the signal kills
    # the training process before it saves a checkpoint; the training process ends its workers.
    # SIGTERM cannot be ignored, because workers are ended with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgid"):  # Windows has no process groups of this kind.
        os.setpgid(0, 0)
