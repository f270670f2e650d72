"""Process group for distributed training with torchrun."""

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
# For work of the first process alone, such as evaluation or drawing textures for a dataset.
LONG_TIMEOUT = timedelta(days=7)
# Large enough to use the bandwidth, small enough to not copy a large network at once.
BUCKET_VALUES = 2**22


@dataclass(frozen=True)
class ProcessGroup:
    """Process group that trains one task. Each process gets a share of every batch.

    The default is a single process, for which all methods return their input.

    Attributes:
        rank: number of this process, from 0. Process 0 writes all files.
        size: number of processes.
        control: torch process group on the CPU for small messages; None for a single process.
        patient: the same with a long timeout, for waiting until process 0 has done something alone.
    """

    rank: int = 0
    size: int = 1
    control: dist.ProcessGroup | None = field(default=None, repr=False, compare=False)
    patient: dist.ProcessGroup | None = field(default=None, repr=False, compare=False)

    def gather(self, tensor: Tensor) -> Tensor:
        """Concatenate the tensors (N, ...) of all processes to (size·N, ...). Differentiable.

        The gradient of a share is the sum over all processes. Averaging the gradients of the
        parameters then gives the gradient of the mean loss.

        Raises:
            ProcessLostError: another process stopped.
        """
        return tensor if self.size == 1 else cast(Tensor, _Gather.apply(tensor))

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Average tensors over all processes, in place.

        Raises:
            ProcessLostError: another process stopped.
        """
        if self.size == 1:
            return
        with _detect_lost_process():
            for bucket in _buckets(tensors):
                flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
                dist.all_reduce(flat)
                parts = flat.div_(self.size).split([tensor.numel() for tensor in bucket])
                for tensor, part in zip(bucket, parts, strict=True):
                    tensor.copy_(part.view(tensor.shape))

    def broadcast(self, tensors: Sequence[Tensor]) -> None:
        """Copy the tensors of process 0 to all processes, in place."""
        if self.size > 1:
            with _detect_lost_process():
                for tensor in tensors:
                    held = tensor.contiguous()
                    dist.broadcast(held, 0)
                    tensor.copy_(held)

    def mean(self, values: Sequence[float]) -> list[float]:
        """Return the means of the values over all processes."""
        return [total / self.size for total in self._sum(values, self.control)]

    def any(self, flags: Sequence[bool]) -> list[bool]:
        """Return for each flag whether any process sets it."""
        return [total > 0 for total in self._sum(flags, self.control)]

    def wait_for_first(self, value: int = 0) -> int:
        """Wait for process 0, up to a week, and return its value.

        Raises:
            ProcessLostError: another process stopped.
        """
        return int(self._sum([value if self.rank == 0 else 0], self.patient)[0])

    def _sum(self, values: Sequence[float], group: dist.ProcessGroup | None) -> list[float]:
        if self.size == 1:
            return list(values)
        total = torch.tensor(values, dtype=torch.float64)
        with _detect_lost_process():
            dist.all_reduce(total, group=group)
        return cast(list[float], total.tolist())


@contextmanager
def open_group(timeout: timedelta = TIMEOUT) -> Iterator[ProcessGroup]:
    """Join the process group that ``torchrun`` started. Without torchrun: a single process.

    Args:
        timeout: time to wait for a process that does not answer.
            `ProcessGroup.wait_for_first` waits longer.

    Raises:
        InvalidInputError: the environment variables of ``torchrun`` are incomplete.
        ProcessLostError: another process did not join.
    """
    if os.environ.get("WORLD_SIZE", "1") == "1":
        yield ProcessGroup()
        return
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    try:
        with _detect_lost_process():
            dist.init_process_group("nccl" if cuda else "gloo", timeout=timeout)
    except ValueError as error:
        raise InvalidInputError(f"{error}. Start distributed training with torchrun.") from error
    control, patient = (
        cast(dist.ProcessGroup, dist.new_group(backend="gloo", timeout=limit))
        for limit in (timeout, LONG_TIMEOUT)
    )
    try:
        yield ProcessGroup(dist.get_rank(), dist.get_world_size(), control, patient)
    except KeyboardInterrupt:
        # All processes stop at the same step.
        dist.destroy_process_group()
        raise
    # Not after an error: others may still be running, and leaving the group can then abort this
    # process before it has printed the error.
    dist.destroy_process_group()


class _Gather(torch.autograd.Function):
    """Differentiable all-gather. The one in torch is deprecated."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, tensor: Tensor) -> Tensor:
        tensor = tensor.contiguous()
        parts = [torch.empty_like(tensor) for _ in range(dist.get_world_size())]
        with _detect_lost_process():
            dist.all_gather(parts, tensor)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        with _detect_lost_process():
            dist.all_reduce(gradient)
        return gradient.chunk(dist.get_world_size())[dist.get_rank()]


@contextmanager
def _detect_lost_process() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise ProcessLostError(
            "Another process of this training stopped or does not answer. See the error message of "
            f"that process. Restart all processes to continue from the last checkpoint. ({error})"
        ) from error


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Group consecutive tensors of the same dtype into buckets of about `BUCKET_VALUES`."""
    for _, same in groupby(tensors, key=lambda tensor: tensor.dtype):
        bucket: list[Tensor] = []
        for tensor in same:
            bucket.append(tensor)
            if sum(member.numel() for member in bucket) >= BUCKET_VALUES:
                yield bucket
                bucket = []
        if bucket:
            yield bucket
