"""Exponential moving average (EMA) of weights."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from reid_align.training.step.state_tensors import state_tensors


class WeightAverage:
    """Exponential moving average of all parameters and buffers of a module.

    Integer buffers are copied.

    Args:
        module: module to average.
        decay: maximum decay. Update n uses min(decay, (1 + n) / (10 + n)), which reduces the
            influence of the random initialization.

    Attributes:
        tensors: the average, by name.

    Source: the warm-up of the decay is that of TensorFlow's ``ExponentialMovingAverage``.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self._current = state_tensors(module)
        self.tensors = {name: tensor.clone() for name, tensor in self._current.items()}

    @torch.no_grad()
    def update(self, updates: int) -> None:
        """Add the current weights.

        Args:
            updates: number of earlier updates.
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
    def swapped_in(self) -> Iterator[None]:
        """Swap the average into the module, then restore the weights."""
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
