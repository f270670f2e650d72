"""One axis of a diagram: which range it shows, where its ticks are, how they read."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

NICE_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Axis:
    """A range of numbers with ticks at round places.

    Attributes:
        low: the number at its beginning.
        high: the number at its end, larger than ``low``.
        step: from one tick to the next: 1, 2 or 5 times a power of ten.
    """

    low: float
    high: float
    step: float

    @classmethod
    def around(cls, values: Sequence[float], ticks: int) -> "Axis":
        """Return the axis from the tick below the smallest to the tick above the largest value.

        Args:
            values: finite numbers; around a single one there is some room, and without any the
                axis runs from 0 to 1.
            ticks: about how many ticks it may have.
        """
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        if high - low <= 1e-12 * max(abs(low), abs(high)):
            room = abs(low) / 2 or 0.5
            low, high = low - room, high + room
        rough = (high - low) / ticks
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * nice for nice in NICE_STEPS if power * nice >= rough * (1 - 1e-9))
        return cls(math.floor(low / step) * step, math.ceil(high / step) * step, step)

    def ticks(self) -> list[float]:
        """Return the places of the ticks, both ends among them."""
        first, last = round(self.low / self.step), round(self.high / self.step)
        return [number * self.step for number in range(first, last + 1)]

    def share(self, value: float) -> float:
        """Return where a number lies between the beginning, 0, and the end, 1."""
        return (value - self.low) / (self.high - self.low)

    def label(self, value: float) -> str:
        """Write a number with the digits that tell two ticks apart."""
        digits = max(0, -math.floor(math.log10(self.step) + 1e-9))
        return f"{value:,.{digits}f}" if digits <= 4 else f"{value:.2g}"
