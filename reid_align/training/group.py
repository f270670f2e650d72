"""The processes that train one task together, each with its share of every batch."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import cast

import torch
from torch import Tensor
from torch import distributed as dist

from reid_align.errors import InvalidInputError, ProcessLostError

TIMEOUT = timedelta(minutes=30)
# For work that the first process does alone: evaluations, drawing textures for a whole data set.
PATIENCE = timedelta(days=7)
# Large enough that the link is busy, small enough to be no second copy of a large network.
BUCKET_VALUES = 2**22


@dataclass(frozen=True)
class ProcessGroup:
    """One process and its place among those that share the batches; by default it is alone.

    Attributes:
        rank: the number of this process, from 0. The first one writes.
        size: how many there are.
        control: torch's group for small messages between CPUs; None for a process alone.
        patient: another one, for waiting until the first process has done something alone.
    """

    rank: int = 0
    size: int = 1
    control: dist.ProcessGroup | None = field(default=None, repr=False, compare=False)
    patient: dist.ProcessGroup | None = field(default=None, repr=False, compare=False)

    def gather(self, tensor: Tensor) -> Tensor:
        """Return the tensors (N, ...) of all processes as one (size·N, ...), with its gradient.

        Each process receives the sum of the gradients that all of them have for its share. With
        the average of the gradients over processes, that is the gradient of the mean of their
        losses.

        Raises:
            ProcessLostError: another process stopped.
        """
        return tensor if self.size == 1 else cast(Tensor, _Gather.apply(tensor))

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their mean over all processes.

        Raises:
            ProcessLostError: another process stopped.
        """
        if self.size == 1:
            return
        with _together():
            for bucket in _buckets(tensors):
                flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
                dist.all_reduce(flat)
                parts = flat.div_(self.size).split([tensor.numel() for tensor in bucket])
                for tensor, part in zip(bucket, parts, strict=True):
                    tensor.copy_(part.view(tensor.shape))

    def spread(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by those of the first process."""
        if self.size > 1:
            with _together():
                for tensor in tensors:
                    held = tensor.contiguous()
                    dist.broadcast(held, 0)
                    tensor.copy_(held)

    def mean(self, values: Sequence[float]) -> list[float]:
        """Return the means of numbers over all processes."""
        return [total / self.size for total in self._sum(values, self.control)]

    def agree(self, flags: Sequence[bool]) -> list[bool]:
        """Return for each flag whether it is set in any process."""
        return [total > 0 for total in self._sum(flags, self.control)]

    def first(self, value: int) -> int:
        """Return the number that the first process has; the others wait for it, up to a week.

        That it stopped they notice at once.

        Raises:
            ProcessLostError: another process stopped.
        """
        return int(self._sum([value if self.rank == 0 else 0], self.patient)[0])

    def _sum(self, values: Sequence[float], group: dist.ProcessGroup | None) -> list[float]:
        if self.size == 1:
            return list(values)
        total = torch.tensor(values, dtype=torch.float64)
        with _together():
            dist.all_reduce(total, group=group)
        return cast(list[float], total.tolist())


@contextmanager
def open_group(timeout: timedelta = TIMEOUT) -> Iterator[ProcessGroup]:
    """Join the processes that ``torchrun`` started; without it, the process is alone.

    Args:
        timeout: how long to wait for a process that does not answer, before giving up;
            `ProcessGroup.first` waits longer.

    Raises:
        InvalidInputError: the environment variables of ``torchrun`` are incomplete.
        ProcessLostError: the others did not come.
    """
    if os.environ.get("WORLD_SIZE", "1") == "1":
        yield ProcessGroup()
        return
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    try:
        with _together():
            dist.init_process_group("nccl" if cuda else "gloo", timeout=timeout)
    except ValueError as error:
        raise InvalidInputError(f"{error}. Start several processes with torchrun.") from error
    control, patient = (
        cast(dist.ProcessGroup, dist.new_group(backend="gloo", timeout=patience))
        for patience in (timeout, PATIENCE)
    )
    try:
        yield ProcessGroup(dist.get_rank(), dist.get_world_size(), control, patient)
    except KeyboardInterrupt:
        # All of them stop at the same step.
        dist.destroy_process_group()
        raise
    # After an error the others may still be at work: to leave the group then can abort this
    # process before it has said what happened.
    dist.destroy_process_group()


class _Gather(torch.autograd.Function):
    """All-gather with a gradient, which torch's own has only in a deprecated form."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, tensor: Tensor) -> Tensor:
        tensor = tensor.contiguous()
        parts = [torch.empty_like(tensor) for _ in range(dist.get_world_size())]
        with _together():
            dist.all_gather(parts, tensor)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        with _together():
            dist.all_reduce(gradient)
        return gradient.chunk(dist.get_world_size())[dist.get_rank()]


@contextmanager
def _together() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise ProcessLostError(
            "Another process of this training stopped or does not answer; its own message says "
            f"why. Start all of them again to continue from the last checkpoint. ({error})"
        ) from error


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Join neighbors of one type until they are worth a message."""
    for _, same in groupby(tensors, key=lambda tensor: tensor.dtype):
        bucket: list[Tensor] = []
        for tensor in same:
            bucket.append(tensor)
            if sum(member.numel() for member in bucket) >= BUCKET_VALUES:
                yield bucket
                bucket = []
        if bucket:
            yield bucket
