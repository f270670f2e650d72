"""A moving average of the weights, which often finds better than the weights themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from reid_align.training.tensors import state_tensors


class Average:
    """The exponential moving average of all parameters and buffers of a module.

    Counters, which have no mean, are copied.

    Args:
        module: what is averaged.
        decay: how much of the average each update keeps, at most; the n-th keeps
            (1 + n) / (10 + n) while that is less, so that the random start is soon forgotten.

    Source: the decay and its start are those of TensorFlow's ``ExponentialMovingAverage``.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self._current = state_tensors(module)
        self.tensors = {name: tensor.clone() for name, tensor in self._current.items()}

    @torch.no_grad()
    def update(self, updates: int) -> None:
        """Take in the present weights.

        Args:
            updates: how often that was done before.
        """
        decay = min(self.decay, (1 + updates) / (10 + updates))
        kinds: dict[bool, tuple[list[Tensor], list[Tensor]]] = {True: ([], []), False: ([], [])}
        for name, current in self._current.items():
            averaged, latest = kinds[current.is_floating_point()]
            averaged.append(self.tensors[name])
            latest.append(current)
        get_ema_multi_avg_fn(decay)(*kinds[True], updates)
        for average, counter in zip(*kinds[False], strict=True):
            average.copy_(counter)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the module have the average for a while, and then its own weights again."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for name, current in self._current.items():
            held = current.clone()
            current.copy_(self.tensors[name])
            self.tensors[name].copy_(held)
