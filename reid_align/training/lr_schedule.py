"""Learning-rate schedules: warm-up, steps and cosine."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from reid_align.checks import at_least_zero, increasing, one_of, positive
from reid_align.errors import InvalidInputError

ScheduleKind = Literal["constant", "step", "cosine"]
Warmup = Literal["none", "linear", "geometric"]


@dataclass(frozen=True)
class ScheduleConfig:
    """Learning-rate schedule: a warm-up, then constant, stepwise or cosine decay.

    Attributes:
        kind: "constant"; "step" multiplies by ``factor`` at each milestone; "cosine" decays along
            half a cosine, from the end of the warm-up to ``final`` at the end of training.
        warmup: "linear" increases by equal differences, "geometric" by equal ratios.
        warmup_epochs: epochs from ``warmup_from`` to the full learning rate. The epoch after them
            is the first one at the full rate.
        warmup_from: initial learning rate of the warm-up.
        milestones: increasing epochs for "step". They count from 0 and include the warm-up.
        factor: factor per milestone.
        final: final learning rate of "cosine".
        every_step: update the rate every step and not only every epoch.

    Raises:
        InvalidInputError: a value is out of range, or values do not fit together.

    Source: linear and step from DSA-reID (CVPR 2019), section 4.2. The official code of SAN
    (arXiv:1905.13143) uses the geometric warm-up.
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
                "set both the kind of warm-up and its epochs, or neither."
            )
        if self.warmup == "geometric" and not self.warmup_from:
            raise InvalidInputError("A geometric warm-up cannot start at 0: set warmup_from.")
        if (self.kind == "step") != bool(self.milestones):
            raise InvalidInputError(
                f"kind={self.kind!r} with milestones={self.milestones}: kind='step' needs "
                "milestones, and other kinds have none."
            )

    def learning_rate(self, full: float, epoch: float, epochs: int) -> float:
        """Return the learning rate.

        Args:
            full: learning rate after the warm-up.
            epoch: completed epochs. The fraction is ignored without ``every_step``.
            epochs: total number of epochs.
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
