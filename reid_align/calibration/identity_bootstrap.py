"""Confidence intervals by bootstrap over identities.

Pairs that share an identity are not independent, so identities are drawn with replacement instead
of pairs. Source: Bolle, Ratha and Pankanti, "Error analysis of pattern recognition systems: the
subsets bootstrap", Computer Vision and Image Understanding 93 (2004).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.calibration.pair_roc import PairRoc
from reid_align.checks import at_least_one
from reid_align.metrics import VerificationResult

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Bootstrap:
    """Settings of the bootstrap.

    Attributes:
        samples: number of draws, at least 1.
        seed: seed of the draws.
        confidence: share of the draws inside an interval.

    Raises:
        InvalidInputError: ``samples`` is below 1.
    """

    samples: int = 500
    seed: int = 0
    confidence: float = CONFIDENCE

    def __post_init__(self) -> None:
        at_least_one("samples", self.samples)


def bootstrap_intervals(
    roc: PairRoc, rates: Sequence[float], bootstrap: Bootstrap
) -> NDArray[np.float64]:
    """Compute percentile intervals of the EER, and of the threshold and TPR at each rate.

    Draws without a pair of each kind are left out.

    Args:
        roc: the pairs.
        rates: false match rates.
        bootstrap: number and seed of the draws.

    Returns:
        (1 + 2 × rates, 2) float64: lower and upper end of the EER, then of threshold and true
        match rate for each rate. NaN if no draw has pairs of both kinds.
    """
    random = np.random.default_rng(bootstrap.seed)
    draws = []
    for _ in range(bootstrap.samples):
        chosen = random.integers(roc.num_identities, size=roc.num_identities)
        result = roc.result(np.bincount(chosen, minlength=roc.num_identities))
        if result.genuine_pairs and result.impostor_pairs:
            draws.append(_figures(result, rates))
    if not draws:
        return np.full((1 + 2 * len(rates), 2), np.nan)
    tail = (1 - bootstrap.confidence) / 2
    ends: NDArray[np.float64] = np.quantile(np.array(draws), [tail, 1 - tail], axis=0).T
    return ends


def _figures(result: VerificationResult, rates: Sequence[float]) -> list[float]:
    figures = [result.equal_error_rate]
    for rate in rates:
        point = result.at_false_positive_rate(rate)
        # Without a threshold that keeps the rate, nothing is accepted.
        figures += [max(point.threshold, 0.0), point.true_positive_rate]
    return figures
