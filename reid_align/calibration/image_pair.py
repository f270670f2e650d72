"""Comparison of two images: distance, probability and decision."""

import os
from dataclasses import dataclass

import numpy as np

from reid_align.calibration.calibration_record import Calibration
from reid_align.calibration.labeled_pairs import pair_distances
from reid_align.features import FeatureExtractor


@dataclass(frozen=True)
class PairDecision:
    """Comparison of two images.

    Attributes:
        first: path of the first image.
        second: path of the second image.
        distance: cosine distance, in [0, 2].
        probability: probability of the same identity; None without a calibration.
        threshold: largest distance for the decision "same"; None without a calibration.
        same: the decision; None without a calibration.
    """

    first: str
    second: str
    distance: float
    probability: float | None
    threshold: float | None
    same: bool | None


def compare_images(
    first: str | os.PathLike[str],
    second: str | os.PathLike[str],
    extractor: FeatureExtractor,
    calibration: Calibration | None = None,
    *,
    prior: float = 0.5,
) -> PairDecision:
    """Compare two person images.

    Args:
        first: image file.
        second: image file.
        extractor: the encoder.
        calibration: calibration of that encoder; None gives the distance only.
        prior: share of pairs of one identity among the pairs that are compared, in (0, 1).

    Raises:
        ImageReadError: an image cannot be read.
        MixedFeaturesError: the calibration is for another encoder.
        InvalidInputError: the prior is out of range.
    """
    paths = os.fspath(first), os.fspath(second)
    if calibration is not None:
        calibration.require_digest(extractor.digest, "the images")
    features = extractor(paths)
    distance = float(pair_distances(features.values, np.array([[0, 1]]))[0])
    if calibration is None:
        return PairDecision(*paths, distance, None, None, None)
    probability = float(calibration.probabilities(distance, prior))
    threshold = calibration.threshold
    return PairDecision(*paths, distance, probability, threshold, distance <= threshold)
