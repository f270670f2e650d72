"""What a threshold on the distance accepts, and which threshold to take."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics._ragged import Indices
from reid_align.metrics.protocols import Protocol


class OperatingPoint(NamedTuple):
    """What happens if a pair is accepted as one person when its distance is <= ``threshold``."""

    threshold: float
    true_positive_rate: float
    false_positive_rate: float


@dataclass(frozen=True, eq=False)
class VerificationResult:
    """The exact receiver operating characteristic, by the thresholds at which it rises.

    A pair is accepted if its distance is at most the threshold. The share of genuine pairs (of one
    person) that are accepted is the true positive rate, that of impostor pairs (of two persons)
    the false positive rate. Only the distances of genuine pairs are worth considering as a
    threshold: between two of them nothing but impostors is added. Without a genuine or without an
    impostor pair no rate is defined, and the methods return NaN.

    Args:
        thresholds: the distances of the genuine pairs, ascending, each once, (T,) float32.
        genuine_accepted: genuine pairs at or below each threshold, (T,) int64.
        impostors_accepted: impostor pairs at or below each threshold, (T,) int64.
        impostors_below: impostor pairs below each threshold, (T,) int64.
        genuine_pairs: how many there are.
        impostor_pairs: how many there are.
        protocol: the protocol that was applied.
    """

    thresholds: NDArray[np.float32]
    genuine_accepted: Indices
    impostors_accepted: Indices
    impostors_below: Indices
    genuine_pairs: int
    impostor_pairs: int
    protocol: Protocol

    def at_false_positive_rate(self, rate: float) -> OperatingPoint:
        """Return the most permissive threshold whose false positive rate is at most ``rate``.

        If even the smallest threshold accepts too many impostors, the threshold is -inf, which
        accepts nothing.

        Raises:
            InvalidInputError: the rate is not in [0, 1].
        """
        if not 0 <= rate <= 1:
            raise InvalidInputError(f"A false positive rate of {rate}: give one from 0 to 1.")
        if not self._defined:
            return _UNDEFINED
        rates = self.impostors_accepted / self.impostor_pairs
        return self._point(int(np.count_nonzero(rates <= rate)) - 1)

    @property
    def equal_error_rate(self) -> float:
        """Where the ROC, its points joined by straight lines, has as many misses as false alarms.

        That is the false positive rate at which it equals 1 - the true positive rate.
        """
        if not self._defined:
            return float("nan")
        genuine_below = self.genuine_accepted - np.diff(self.genuine_accepted, prepend=0)
        impostors = np.column_stack([self.impostors_below, self.impostors_accepted]).ravel()
        genuine = np.column_stack([genuine_below, self.genuine_accepted]).ravel()
        crossing = np.interp(self._weight, self._weighed(impostors, genuine), impostors)
        return float(crossing / self.impostor_pairs)

    @property
    def equal_error_point(self) -> OperatingPoint:
        """The smallest threshold at which false alarms are at least as frequent as misses."""
        if not self._defined:
            return _UNDEFINED
        accepted = self._weighed(self.impostors_accepted, self.genuine_accepted)
        return self._point(int(np.argmax(accepted >= self._weight)))

    @property
    def _defined(self) -> bool:
        return self.genuine_pairs > 0 and self.impostor_pairs > 0

    @property
    def _weight(self) -> int:
        return self.genuine_pairs * self.impostor_pairs

    def _weighed(self, impostors: Indices, genuine: Indices) -> Indices:
        """Return the sum of both rates times _weight, in integers so that equality is exact."""
        return impostors * self.genuine_pairs + genuine * self.impostor_pairs

    def _point(self, index: int) -> OperatingPoint:
        if index < 0:
            return OperatingPoint(float("-inf"), 0.0, 0.0)
        return OperatingPoint(
            float(self.thresholds[index]),
            float(self.genuine_accepted[index] / self.genuine_pairs),
            float(self.impostors_accepted[index] / self.impostor_pairs),
        )


_UNDEFINED = OperatingPoint(float("nan"), float("nan"), float("nan"))
