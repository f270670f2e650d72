"""Means of losses and gradient norms over the steps since the last log line."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from reid_align.errors import NotFiniteError
from reid_align.training.distributed import ProcessGroup
from reid_align.training.training_state import RunningTotal


class RunningMeans:
    """Accumulates scalars by name. They stay on their device until `synchronize`.

    Args:
        totals: totals from a checkpoint.
        infinite_gradients: skip gradient norms that are not finite. With float16 these occur in
            steps that the optimizer skips.

    Attributes:
        totals: synchronized values since the last log line.
    """

    def __init__(self, totals: Mapping[str, RunningTotal], *, infinite_gradients: bool) -> None:
        self.totals = dict(totals)
        self._infinite_gradients = infinite_gradients
        self._pending: list[tuple[int, dict[str, Tensor]]] = []

    def add(self, step: int, values: dict[str, Tensor]) -> None:
        """Add the values of one step."""
        self._pending.append((step, values))

    def synchronize(self, group: ProcessGroup) -> None:
        """Move pending values to the CPU, average them over the processes and add them up.

        Raises:
            NotFiniteError: a value is not finite. The message names the first one and its step.
        """
        names = [(step, name) for step, values in self._pending for name in values]
        tensors = [value.double() for _, values in self._pending for value in values.values()]
        self._pending = []
        values = torch.stack(tensors).tolist() if tensors else []
        for (step, name), value in zip(names, group.mean(values), strict=True):
            self._count(step, name, value)

    def pop(self) -> dict[str, float]:
        """Return the means of all synchronized values and reset them."""
        means = {name: total.sum / total.count for name, total in self.totals.items()}
        self.totals = {}
        return means

    def _count(self, step: int, name: str, value: float) -> None:
        if math.isfinite(value):
            self.totals[name] = self.totals.get(name, RunningTotal()).plus(value)
        elif not (self._infinite_gradients and name.startswith("gradient/")):
            raise NotFiniteError(
                f"Step {step}: {name} is {value}. The last checkpoint holds the state before. "
                "Lower the learning rate, clip the gradients, or train in bfloat16 or float32."
            )
