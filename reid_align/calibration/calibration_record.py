"""The calibration of an encoder: thresholds, rates and probabilities, as stored in JSON."""

from dataclasses import dataclass
from typing import Literal

from numpy import float64
from numpy.typing import ArrayLike, NDArray

from reid_align.calibration.probability_curve import ProbabilityCurve
from reid_align.errors import InvalidInputError
from reid_align.features import require_same_digest

Interval = tuple[float, float]

# The measurements are in docs/guides/verify.md.
CARRY_OVER_NOTE = (
    "Thresholds and probabilities do not carry over between places: the threshold from synthetic "
    "people, used on real images, accepts more false pairs and misses about half of the true ones. "
    "Label 200 pairs of your own images (columns path_a, path_b, same) and calibrate with them."
)


@dataclass(frozen=True)
class RatePoint:
    """Threshold at one false match rate, with confidence intervals.

    Attributes:
        false_match_rate: largest share of different-identity pairs accepted, in (0, 1].
        threshold: largest cosine distance of an accepted pair.
        threshold_interval: its confidence interval.
        true_match_rate: share of same-identity pairs accepted.
        true_match_rate_interval: its confidence interval.
    """

    false_match_rate: float
    threshold: float
    threshold_interval: Interval
    true_match_rate: float
    true_match_rate_interval: Interval


@dataclass(frozen=True)
class PairCounts:
    """What the calibration was made from.

    Attributes:
        images: number of images.
        identities: number of identities.
        same: pairs of one identity.
        different: pairs of different identities that were used.
        different_available: pairs of different identities before drawing.
        cross_camera: whether the pairs of one identity are from different cameras only.
    """

    images: int
    identities: int
    same: int
    different: int
    different_available: int
    cross_camera: bool


@dataclass(frozen=True)
class BootstrapRecord:
    """How the confidence intervals were computed: draws of identities, seed and confidence."""

    samples: int
    seed: int
    confidence: float


@dataclass(frozen=True)
class DistanceHistogram:
    """Distances of the pairs in bins of equal width.

    Attributes:
        low: start of the first bin.
        high: end of the last bin.
        same: pairs of one identity in each bin.
        different: pairs of different identities in each bin.
    """

    low: float
    high: float
    same: tuple[int, ...]
    different: tuple[int, ...]


@dataclass(frozen=True)
class Calibration:
    """Thresholds and probabilities of "same identity" for one encoder and one set of pairs.

    Attributes:
        digest: digest of weights, preprocessing and options of the features; None if unknown.
        place: which images the pairs are from, as text.
        source: dataset or file with the pairs; None if unknown.
        metric: the distance.
        false_match_rate: rate that the threshold was chosen for.
        threshold: pairs with at most this distance are decided to be the same identity.
        equal_error_rate: rate at which false matches and false non-matches are equal.
        equal_error_threshold: threshold at that rate.
        equal_error_rate_interval: confidence interval of the rate.
        points: other false match rates; the chosen one is among them.
        probability: probability of the same identity by distance.
        pairs: counts of images, identities and pairs.
        bootstrap: how the confidence intervals were computed.
        roc: false and true match rates, each ascending, at most 200 points.
        histogram: distances of the pairs.
        reid_align: version that made the calibration.
        is_shipped: part of the package; not stored in the file.
    """

    digest: str | None
    place: str
    source: str | None
    metric: Literal["cosine"]
    false_match_rate: float
    threshold: float
    equal_error_rate: float
    equal_error_threshold: float
    equal_error_rate_interval: Interval
    points: tuple[RatePoint, ...]
    probability: ProbabilityCurve
    pairs: PairCounts
    bootstrap: BootstrapRecord
    roc: tuple[tuple[float, float], ...]
    histogram: DistanceHistogram
    reid_align: str
    is_shipped: bool = False

    def __post_init__(self) -> None:
        if not self.threshold >= 0:
            raise InvalidInputError(f"threshold={self.threshold!r}: give a number of at least 0.")

    def probabilities(self, distances: ArrayLike, prior: float | None = None) -> NDArray[float64]:
        """Return the probability of the same identity for each distance, of any shape.

        Args:
            distances: cosine distances.
            prior: share of pairs of one identity among the compared pairs, in (0, 1); default 0.5.
                In a search, about the number of images of an identity by the size of the gallery.

        Raises:
            InvalidInputError: ``prior`` is out of range.
        """
        return self.probability.at(distances, 0.5 if prior is None else prior)

    def point_at(self, false_match_rate: float) -> RatePoint:
        """Return the point with the smallest measured rate of at least ``false_match_rate``.

        Raises:
            InvalidInputError: all measured rates are smaller.
        """
        found = [point for point in self.points if point.false_match_rate >= false_match_rate]
        if not found:
            raise InvalidInputError(
                f"The calibration has no false match rate of {false_match_rate:g} or more. It has "
                f"{', '.join(f'{point.false_match_rate:g}' for point in self.points)}."
            )
        return min(found, key=lambda point: point.false_match_rate)

    def require_digest(self, digest: str, name: str = "the features") -> None:
        """Require features of the calibrated encoder; an unknown digest passes.

        Raises:
            MixedFeaturesError: the digests differ.
        """
        require_same_digest(self.digest or "", digest, "the calibration", name)
