r"""ROC curve, operating points and equal error rate of pairwise verification.

A pair is accepted if its distance is at most the threshold :math:`t`:

* TPR(t): fraction of genuine pairs (one identity) accepted.
* FPR(t): fraction of impostor pairs (two identities) accepted.
* EER: the rate at which FPR(t) = 1 - TPR(t).

Without genuine pairs, or without impostor pairs, all rates are NaN.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics.protocols import Protocol
from reid_align.metrics.ragged_arrays import Indices


class OperatingPoint(NamedTuple):
    """True and false positive rate when pairs with distance <= ``threshold`` are accepted."""

    threshold: float
    true_positive_rate: float
    false_positive_rate: float


@dataclass(frozen=True, eq=False)
class VerificationResult:
    """Exact receiver operating characteristic (ROC).

    The candidate thresholds are the distances of the genuine pairs: between two of them, a higher
    threshold only accepts more impostors.

    Args:
        thresholds: distinct distances of the genuine pairs, ascending, (T,) float32.
        genuine_accepted: number of genuine pairs at or below each threshold, (T,) int64.
        impostors_accepted: number of impostor pairs at or below each threshold, (T,) int64.
        impostors_below: number of impostor pairs below each threshold, (T,) int64.
        genuine_pairs: number of genuine pairs.
        impostor_pairs: number of impostor pairs.
        protocol: protocol that was applied.
    """

    thresholds: NDArray[np.float32]
    genuine_accepted: Indices
    impostors_accepted: Indices
    impostors_below: Indices
    genuine_pairs: int
    impostor_pairs: int
    protocol: Protocol

    def at_false_positive_rate(self, rate: float) -> OperatingPoint:
        """Return the largest threshold with a false positive rate of at most ``rate``.

        If even the smallest threshold accepts too many impostors, the threshold is -inf.

        Raises:
            InvalidInputError: the rate is not in [0, 1].
        """
        if not 0 <= rate <= 1:
            raise InvalidInputError(f"The false positive rate is {rate}. It must be from 0 to 1.")
        if not self._defined:
            return _UNDEFINED
        rates = self.impostors_accepted / self.impostor_pairs
        return self._point(int(np.count_nonzero(rates <= rate)) - 1)

    def curve(self, points: int = 200) -> tuple[tuple[float, float], ...]:
        """Return the ROC as pairs of false and true positive rate, each ascending.

        Args:
            points: largest number of points, at least 2; a longer curve is sampled at false
                positive rates spread evenly on a logarithmic scale. Empty if the rates are NaN.
        """
        if not self._defined:
            return ()
        false = self.impostors_accepted / self.impostor_pairs
        true = self.genuine_accepted / self.genuine_pairs
        if len(false) > points:
            low = max(float(false[0]), 0.5 / self.impostor_pairs)
            rates = np.geomspace(low, 1, points)
            rows = np.unique(np.searchsorted(false, rates, side="right") - 1)
            false, true = false[rows[rows >= 0]], true[rows[rows >= 0]]
        return tuple(zip(false.tolist(), true.tolist(), strict=True))

    @property
    def equal_error_rate(self) -> float:
        """EER of the linearly interpolated ROC: the FPR that equals 1 - TPR."""
        if not self._defined:
            return float("nan")
        genuine_below = self.genuine_accepted - np.diff(self.genuine_accepted, prepend=0)
        impostors = np.column_stack([self.impostors_below, self.impostors_accepted]).ravel()
        genuine = np.column_stack([genuine_below, self.genuine_accepted]).ravel()
        crossing = np.interp(self._weight, self._weighed(impostors, genuine), impostors)
        return float(crossing / self.impostor_pairs)

    @property
    def equal_error_point(self) -> OperatingPoint:
        """Operating point at the smallest threshold with FPR >= 1 - TPR."""
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
        """Return (FPR + TPR) * _weight in integers, which makes comparisons exact."""
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
