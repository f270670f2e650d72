"""Probability of the same identity as a monotone function of the distance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reid_align.calibration.labeled_pairs import LabeledPairs
from reid_align.errors import InvalidInputError, MissingExtraError

_DECIMALS = 6


def require_prior(prior: float) -> None:
    """Raise InvalidInputError unless the share is in (0, 1)."""
    if not 0 < prior < 1:
        raise InvalidInputError(f"prior={prior!r}: give a number between 0 and 1.")


@dataclass(frozen=True)
class ProbabilityCurve:
    """Piecewise linear, non-increasing probability of the same identity.

    The probability holds if pairs of one and of two identities are equally frequent.

    Attributes:
        distances: K knots, ascending.
        probabilities: probability at each knot, in (0, 1), not increasing.

    Raises:
        InvalidInputError: no knots, different numbers of them, or values out of order or range.
    """

    distances: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        distances, values = np.array(self.distances), np.array(self.probabilities)
        if (
            not len(distances)
            or len(distances) != len(values)
            or (np.diff(distances) < 0).any()
            or (np.diff(values) > 0).any()
            or not ((values > 0) & (values < 1)).all()
        ):
            raise InvalidInputError(
                "The probability curve needs ascending distances, and as many probabilities "
                "between 0 and 1 that do not increase."
            )

    def at(self, distances: ArrayLike, prior: float = 0.5) -> NDArray[np.float64]:
        """Return the probability at each distance, of any shape; outside the knots it is constant.

        Args:
            distances: cosine distances.
            prior: share of pairs of one identity among the compared pairs, in (0, 1).

        Raises:
            InvalidInputError: ``prior`` is out of range.
        """
        require_prior(prior)
        even = np.interp(np.asarray(distances, np.float64), self.distances, self.probabilities)
        same, different = even * prior, (1 - even) * (1 - prior)
        result: NDArray[np.float64] = same / (same + different)
        return result


def fit_probability(pairs: LabeledPairs) -> ProbabilityCurve:
    """Fit the probability by isotonic regression, with both kinds of pairs weighted equally.

    A pair that is of either kind with equal weight is added at distance 0 and at distance 2. Its
    weight is that of one different pair at 0 and of one same pair at 2. It keeps the probabilities
    away from 0 and 1, by as much as the number of pairs can support.

    Source: Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass
    probability estimates", KDD 2002. Pairs at the ends as in Brümmer and de Villiers, "The BOSARIS
    toolkit", arXiv:1304.2865.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn.isotonic import IsotonicRegression
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "calibrate", "Fitting probabilities") from error
    low = min(float(pairs.distances.min()), 0.0)
    high = max(float(pairs.distances.max()), 2.0)
    distances = np.concatenate([pairs.distances, [low, low, high, high]])
    of_same, of_different = 1 / pairs.same.sum(), 1 / (~pairs.same).sum()
    same = np.concatenate([pairs.same, [True, False, True, False]])
    ends = [of_different, of_different, of_same, of_same]
    weights = np.concatenate([np.where(pairs.same, of_same, of_different), ends])
    fitted = IsotonicRegression(increasing=False).fit(
        distances.astype(np.float64), same.astype(np.float64), weights
    )
    knots, values = _without_repeats(fitted.X_thresholds_, fitted.y_thresholds_)
    return ProbabilityCurve(tuple(knots.tolist()), tuple(values.tolist()))


def _without_repeats(
    distances: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Round the knots and drop those inside a constant piece."""
    distances = distances.round(_DECIMALS)
    values = values.round(2 * _DECIMALS).clip(10.0 ** (-2 * _DECIMALS), 1 - 10.0**-_DECIMALS)
    inner = np.zeros(len(values), bool)
    inner[1:-1] = (values[1:-1] == values[:-2]) & (values[1:-1] == values[2:])
    return distances[~inner], values[~inner]
