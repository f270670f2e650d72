"""The values of the last few steps, until their means become a line of the log."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from reid_align.errors import NotFiniteError
from reid_align.training.group import ProcessGroup


@dataclass(frozen=True)
class Total:
    """The sum of so many values."""

    sum: float = 0.0
    count: int = 0

    def plus(self, value: float) -> "Total":
        """Return the total with one value more."""
        return Total(self.sum + value, self.count + 1)


class Window:
    """Collects scalars by name. They stay on their device until they are asked for.

    Args:
        totals: what was collected before.
        infinite_gradients: whether norms of gradients may be infinite, as with float16, where such
            steps are skipped. They are not counted then.
    """

    def __init__(self, totals: Mapping[str, Total], *, infinite_gradients: bool) -> None:
        self.totals = dict(totals)
        self._infinite_gradients = infinite_gradients
        self._pending: list[tuple[int, dict[str, Tensor]]] = []

    def add(self, step: int, values: dict[str, Tensor]) -> None:
        """Add the values of one step."""
        self._pending.append((step, values))

    def settle(self, group: ProcessGroup) -> None:
        """Bring pending values to the CPU, as means over the processes, and add them up.

        Raises:
            NotFiniteError: one is not finite; the text names the first one and its step.
        """
        names = [(step, name) for step, values in self._pending for name in values]
        tensors = [value.double() for _, values in self._pending for value in values.values()]
        self._pending = []
        values = torch.stack(tensors).tolist() if tensors else []
        for (step, name), value in zip(names, group.mean(values), strict=True):
            self._count(step, name, value)

    def means(self) -> dict[str, float]:
        """Return the means of what was settled, and forget it."""
        means = {name: total.sum / total.count for name, total in self.totals.items()}
        self.totals = {}
        return means

    def _count(self, step: int, name: str, value: float) -> None:
        if math.isfinite(value):
            self.totals[name] = self.totals.get(name, Total()).plus(value)
        elif not (self._infinite_gradients and name.startswith("gradient/")):
            raise NotFiniteError(
                f"Step {step}: {name} is {value}. The last checkpoint holds the state before. "
                "Lower the learning rate, clip the gradients, or compute in bfloat16 or float32."
            )
