"""Calibration of distances: threshold and probability of "same identity".

A calibration is made from labeled pairs, stored as JSON, and valid for one encoder and one kind of
images::

    pairs = pairs_of_images(features.values, labels)
    calibration = fit_calibration(pairs, digest=features.digest, place="my shop")
    calibration.threshold, calibration.probabilities([0.2, 0.5])
"""

from reid_align.calibration.calibration_files import (
    find_calibration,
    read_calibration,
    shipped_calibration,
    write_calibration,
)
from reid_align.calibration.calibration_fit import check_counts, fit_calibration
from reid_align.calibration.calibration_record import CARRY_OVER_NOTE, Calibration, RatePoint
from reid_align.calibration.calibration_text import calibration_report, decision_report
from reid_align.calibration.identity_bootstrap import Bootstrap
from reid_align.calibration.image_pair import PairDecision, compare_images
from reid_align.calibration.labeled_pairs import (
    LabeledPairs,
    available_pairs,
    pair_distances,
    pairs_of_images,
)
from reid_align.calibration.pair_files import NamedPair, pairs_of_names, read_pairs
from reid_align.calibration.probability_curve import (
    ProbabilityCurve,
    fit_probability,
    require_prior,
)

__all__ = [
    "CARRY_OVER_NOTE",
    "Bootstrap",
    "Calibration",
    "LabeledPairs",
    "NamedPair",
    "PairDecision",
    "ProbabilityCurve",
    "RatePoint",
    "available_pairs",
    "calibration_report",
    "check_counts",
    "compare_images",
    "decision_report",
    "find_calibration",
    "fit_calibration",
    "fit_probability",
    "pair_distances",
    "pairs_of_images",
    "pairs_of_names",
    "read_calibration",
    "read_pairs",
    "require_prior",
    "shipped_calibration",
    "write_calibration",
]
