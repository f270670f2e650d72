"""Results of an evaluation."""

from dataclasses import dataclass, field

from reid_align.evaluation.feature_processing import FeatureProcessing
from reid_align.features import FailedImage
from reid_align.metrics import Metric, OperatingPoint


@dataclass(frozen=True)
class RankedHit:
    """A gallery image near a query, with the dataset's own names.

    Attributes:
        path: gallery image.
        distance: distance to the query.
        person: identity.
        camera: camera; None if unknown.
        is_match: whether it has the query's identity.
    """

    path: str
    distance: float
    person: str
    camera: str | None
    is_match: bool


@dataclass(frozen=True)
class QueryScore:
    """Result of one query in one split.

    Attributes:
        split: name of the split.
        path: query image.
        person_id: identity of the query.
        camera_id: camera of the query; None if unknown.
        rank1: 1 if the first gallery image is a match, else 0; a probability for
            single-gallery-shot protocols.
        average_precision: in (0, 1]; None for single-gallery-shot protocols.
        first_hit: rank of the first match, from 1; None for single-gallery-shot protocols.
        person: the dataset's own name of the identity.
        camera: the dataset's own name of the camera; None if unknown.
        hits: the nearest gallery images that the protocol allows, if requested.
    """

    split: str
    path: str
    person_id: int
    camera_id: int | None
    rank1: float
    average_precision: float | None
    first_hit: int | None
    person: str = ""
    camera: str | None = None
    hits: tuple[RankedHit, ...] = ()


@dataclass(frozen=True)
class ScoreRow:
    """Scores of one way of comparing features, averaged over the splits.

    All rates are in [0, 1].

    Attributes:
        metric: distance between features.
        normalize_cameras: whether features were whitened camera by camera.
        reranked: whether k-reciprocal re-ranking was applied.
        cmc: fraction of queries with a match within the first 1, 2, … ranks.
        rank1_deviation: standard deviation of rank-1 over the splits; 0 for one split.
        mean_average_precision: mAP; None for single-gallery-shot protocols.
        mean_inverse_negative_penalty: mINP; None for single-gallery-shot protocols.
        valid_queries: number of queries with a match in the gallery, over all splits.
        queries: results of these queries.
    """

    metric: Metric
    normalize_cameras: bool
    reranked: bool
    cmc: tuple[float, ...]
    rank1_deviation: float
    mean_average_precision: float | None
    mean_inverse_negative_penalty: float | None
    valid_queries: int
    queries: tuple[QueryScore, ...]

    @property
    def name(self) -> str:
        """Row name in tables: "cosine", "euclidean, camera-normalized, re-ranked"."""
        steps = (("camera-normalized", self.normalize_cameras), ("re-ranked", self.reranked))
        return ", ".join((self.metric, *(step for step, done in steps if done)))

    def rank(self, k: int) -> float:
        """Return rank-k accuracy; k is limited to the length of the CMC."""
        return self.cmc[min(k, len(self.cmc)) - 1]


@dataclass(frozen=True)
class Verification:
    """Verification thresholds of one split.

    Attributes:
        split: name of the split.
        metric: distance that the thresholds apply to.
        equal_error_rate: EER, in [0, 1].
        equal_error_point: operating point at the EER.
        rates: maximum false positive rates, in [0, 1].
        points: operating point with the largest threshold for each rate.
        roc: false and true positive rates, each ascending, in [0, 1]; at most 200 points.
    """

    split: str
    metric: Metric
    equal_error_rate: float
    equal_error_point: OperatingPoint
    rates: tuple[float, ...]
    points: tuple[OperatingPoint, ...]
    roc: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class EvaluationResult:
    """Evaluation of features on a dataset.

    Attributes:
        dataset: name of the dataset.
        protocol: name of the protocol; see `reid_align.metrics.protocols`.
        splits: number of splits.
        query_images: number of queries in all splits; pooled queries count once.
        gallery_images: number of gallery images in all splits, without junk.
        feature_dim: number of feature dimensions, D.
        scores: one row for each way of comparing features.
        verification: thresholds, if requested.
        processing: how the features were computed and changed.
        skipped: images without features that were left out.
        pooled_images: number of query images that were pooled to queries, in all splits; None if
            each query is one image.
    """

    dataset: str
    protocol: str
    splits: int
    query_images: int
    gallery_images: int
    feature_dim: int
    scores: tuple[ScoreRow, ...]
    verification: tuple[Verification, ...] = ()
    processing: FeatureProcessing = field(default_factory=FeatureProcessing)
    skipped: tuple[FailedImage, ...] = ()
    pooled_images: int | None = None
