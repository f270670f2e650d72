"""Calibration from labeled pairs."""

import numpy as np

from reid_align import __version__
from reid_align.calibration.calibration_record import (
    BootstrapRecord,
    Calibration,
    DistanceHistogram,
    Interval,
    PairCounts,
    RatePoint,
)
from reid_align.calibration.identity_bootstrap import Bootstrap, bootstrap_intervals
from reid_align.calibration.labeled_pairs import LabeledPairs
from reid_align.calibration.pair_roc import PairRoc
from reid_align.calibration.probability_curve import fit_probability
from reid_align.errors import InvalidInputError, RateNotMeasurableError, TooFewPairsError
from reid_align.metrics import VerificationResult

LEAST_SAME_PAIRS = 20
# Rates that fewer accepted pairs decide are too uncertain to be listed.
LEAST_FALSE_PAIRS = 10
RATES = (1e-4, 1e-3, 1e-2, 0.1)
_BINS = 80


def fit_calibration(
    pairs: LabeledPairs,
    *,
    digest: str = "",
    place: str,
    source: str | None = None,
    false_match_rate: float = 0.01,
    bootstrap: Bootstrap | None = None,
) -> Calibration:
    """Choose the threshold, fit the probability and measure the error rates.

    Args:
        pairs: pairs of both kinds.
        digest: digest of the features; "" if unknown.
        place: which images the pairs are from, as text.
        source: dataset or file with the pairs.
        false_match_rate: largest share of different-identity pairs below the threshold.
        bootstrap: how to compute confidence intervals.

    Raises:
        TooFewPairsError: fewer than 20 pairs of one identity, or too few pairs of different
            identities for the rate.
        InvalidInputError: the rate is not in (0, 1), or no threshold reaches it.
        MissingExtraError: scikit-learn is not installed.
    """
    bootstrap = bootstrap or Bootstrap()
    same, different = int(pairs.same.sum()), int((~pairs.same).sum())
    check_counts(same, different, false_match_rate, cross_camera=pairs.cross_camera)
    roc = PairRoc(pairs)
    result = roc.result()
    measurable = (rate for rate in RATES if rate * different >= LEAST_FALSE_PAIRS)
    rates = sorted({false_match_rate, *measurable})
    intervals = bootstrap_intervals(roc, rates, bootstrap)
    points = tuple(
        _rate_point(result, rate, _interval(intervals[1 + 2 * k]), _interval(intervals[2 + 2 * k]))
        for k, rate in enumerate(rates)
    )
    chosen = points[rates.index(false_match_rate)]
    if not chosen.true_match_rate:
        raise InvalidInputError(
            f"At the false match rate {false_match_rate:g} no pair of one identity is accepted: "
            f"pairs of different identities are nearer. The equal error rate is "
            f"{result.equal_error_rate:.1%}. Choose a higher rate or another encoder."
        )
    return Calibration(
        digest=digest or None,
        place=place,
        source=source,
        metric="cosine",
        false_match_rate=false_match_rate,
        threshold=chosen.threshold,
        equal_error_rate=_rounded(result.equal_error_rate),
        equal_error_threshold=_rounded(result.equal_error_point.threshold),
        equal_error_rate_interval=_interval(intervals[0]),
        points=points,
        probability=fit_probability(pairs),
        pairs=PairCounts(
            pairs.images,
            roc.num_identities,
            same,
            different,
            pairs.different_available,
            pairs.cross_camera,
        ),
        bootstrap=BootstrapRecord(bootstrap.samples, bootstrap.seed, bootstrap.confidence),
        roc=tuple((_rounded(false, 8), _rounded(true)) for false, true in result.curve()),
        histogram=_histogram(pairs),
        reid_align=__version__,
    )


def check_counts(
    same: int, different: int, false_match_rate: float, *, cross_camera: bool = False
) -> None:
    """Check that there are enough pairs for a rate.

    Args:
        same: number of pairs of one identity.
        different: number of pairs of different identities.
        false_match_rate: largest share of different-identity pairs below the threshold.
        cross_camera: whether the pairs of one identity are from different cameras only.

    Raises:
        TooFewPairsError: fewer than 20 pairs of one identity, or no pair of different identities.
        RateNotMeasurableError: fewer than 1 / rate pairs of different identities.
        InvalidInputError: the rate is not in (0, 1).
    """
    if not 0 < false_match_rate < 1:
        raise InvalidInputError(
            f"false_match_rate={false_match_rate!r}: give a number between 0 and 1."
        )
    if same < LEAST_SAME_PAIRS:
        raise TooFewPairsError(
            f"Got {same} pairs of the same identity"
            + (" from different cameras" if cross_camera else "")
            + f"; at least {LEAST_SAME_PAIRS} are needed. Label more images."
        )
    if not different:
        raise TooFewPairsError("All pairs show one identity. Label images of other identities.")
    if false_match_rate * different < 1:
        raise RateNotMeasurableError(
            f"The false match rate {false_match_rate:g} needs at least "
            f"{int(np.ceil(1 / false_match_rate)):,} pairs of different identities, got "
            f"{different:,}. Label more pairs, or choose a rate of at least "
            f"{1 / max(different, 1):.2g}."
        )


def _rate_point(
    result: VerificationResult, rate: float, threshold: Interval, true_match: Interval
) -> RatePoint:
    point = result.at_false_positive_rate(rate)
    limit = max(point.threshold, 0.0)
    # Not rounded: the nearest float32 distance must stay accepted.
    return RatePoint(rate, limit, threshold, _rounded(point.true_positive_rate), true_match)


def _histogram(pairs: LabeledPairs) -> DistanceHistogram:
    high = float(np.ceil(10 * max(float(pairs.distances.max()), 0.1)) / 10)
    counts = [
        np.histogram(pairs.distances[kind], _BINS, (0, high))[0].tolist()
        for kind in (pairs.same, ~pairs.same)
    ]
    return DistanceHistogram(0.0, high, tuple(counts[0]), tuple(counts[1]))


def _interval(ends: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Interval:
    return _rounded(float(ends[0])), _rounded(float(ends[1]))


def _rounded(value: float, decimals: int = 6) -> float:
    return round(float(value), decimals)
