"""How fast an optimizer learns, epoch by epoch."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from reid_align.checks import at_least_zero, increasing, one_of, positive
from reid_align.errors import InvalidInputError

ScheduleKind = Literal["constant", "step", "cosine"]
Warmup = Literal["none", "linear", "geometric"]


@dataclass(frozen=True)
class ScheduleConfig:
    """A warm-up, and a decay after it. Epochs count from 0, the warm-up included.

    Attributes:
        kind: "constant"; "step" multiplies by ``factor`` at each of ``milestones``; "cosine" falls
            along half a cosine, from the end of the warm-up to ``final`` at the end of training.
        warmup: in ``warmup_epochs`` epochs from ``warmup_from`` to the full learning rate, by equal
            differences or by equal ratios. The full rate is reached in the epoch after.
        warmup_epochs: how many epochs that takes.
        warmup_from: the first learning rate.
        milestones: epochs, rising.
        factor: of each milestone.
        final: the last learning rate of "cosine".
        every_step: change the rate from step to step instead of from epoch to epoch.

    Raises:
        InvalidInputError: a value that no schedule can have.

    Source: linear and step from DSA-reID (CVPR 2019), section 4.2; the official code of SAN
    (arXiv:1905.13143) warms up by equal ratios.
    """

    kind: ScheduleKind = "constant"
    warmup: Warmup = "none"
    warmup_epochs: int = 0
    warmup_from: float = 0.0
    milestones: tuple[int, ...] = ()
    factor: float = 0.5
    final: float = 0.0
    every_step: bool = False

    def __post_init__(self) -> None:
        one_of("kind of schedule", self.kind, get_args(ScheduleKind))
        one_of("warmup", self.warmup, get_args(Warmup))
        at_least_zero("warmup_epochs", self.warmup_epochs)
        at_least_zero("warmup_from", self.warmup_from)
        at_least_zero("final", self.final)
        positive("factor", self.factor)
        increasing("milestones", self.milestones)
        if (self.warmup == "none") != (self.warmup_epochs == 0):
            raise InvalidInputError(
                f"warmup={self.warmup!r} with warmup_epochs={self.warmup_epochs}: "
                "give both a kind of warm-up and its epochs, or none and 0."
            )
        if self.warmup == "geometric" and not self.warmup_from:
            raise InvalidInputError("A geometric warm-up cannot start at 0: give warmup_from.")
        if (self.kind == "step") != bool(self.milestones):
            raise InvalidInputError(
                f"kind={self.kind!r} with milestones={self.milestones}: milestones belong to "
                "kind='step', and it needs them."
            )

    def learning_rate(self, full: float, epoch: float, epochs: int) -> float:
        """Return the learning rate at a moment.

        Args:
            full: the learning rate after the warm-up.
            epoch: the epoch; its fraction counts only with ``every_step``.
            epochs: how many there will be.
        """
        epoch = epoch if self.every_step else math.floor(epoch)
        if epoch < self.warmup_epochs:
            return self._warm(full, epoch / self.warmup_epochs)
        if self.kind == "cosine":
            done = (epoch - self.warmup_epochs) / max(epochs - self.warmup_epochs, 1)
            return self.final + (full - self.final) * (1 + math.cos(math.pi * done)) / 2
        passed = sum(epoch >= milestone for milestone in self.milestones)
        return full * math.pow(self.factor, passed)

    def _warm(self, full: float, done: float) -> float:
        if self.warmup == "geometric":
            return self.warmup_from * math.pow(full / self.warmup_from, done)
        return self.warmup_from + (full - self.warmup_from) * done


CONSTANT = ScheduleConfig()
