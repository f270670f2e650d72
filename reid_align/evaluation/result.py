"""What an evaluation found: the values that reports are made of."""

from dataclasses import dataclass

from reid_align.metrics import Metric, OperatingPoint


@dataclass(frozen=True)
class QueryScore:
    """What one query found in one split.

    Attributes:
        split: the split's name.
        path: the query's image.
        person_id: who is on it.
        camera_id: who took it; None if not known.
        rank1: the chance that the first of the ranked gallery is the person: 0 or 1, or between
            where one gallery image of each person is drawn.
        average_precision: in (0, 1]; None where one gallery image of each person is drawn.
        first_hit: the rank of the first image of the person, from 1; None as above.
    """

    split: str
    path: str
    person_id: int
    camera_id: int | None
    rank1: float
    average_precision: float | None
    first_hit: int | None


@dataclass(frozen=True)
class Score:
    """How well one way of comparing features finds people: the mean over the splits.

    All rates are in [0, 1].

    Attributes:
        metric: the distance.
        normalized_cameras: whether features were normalized camera by camera before.
        reranked: whether it was re-ranked by k-reciprocal neighbors.
        cmc: the share of queries found within the first 1, 2, … ranks.
        rank1_deviation: the standard deviation of rank-1 over the splits; 0 for a single one.
        mean_average_precision: mAP; None where one gallery image of each person is drawn.
        mean_inverse_negative_penalty: mINP; None as above.
        valid_queries: queries, over all splits, that had something to find.
        queries: what each of those found.
    """

    metric: Metric
    normalized_cameras: bool
    reranked: bool
    cmc: tuple[float, ...]
    rank1_deviation: float
    mean_average_precision: float | None
    mean_inverse_negative_penalty: float | None
    valid_queries: int
    queries: tuple[QueryScore, ...]

    @property
    def name(self) -> str:
        """The score's name in tables: "cosine", "euclidean, camera-wise, re-ranked"."""
        steps = (("camera-wise", self.normalized_cameras), ("re-ranked", self.reranked))
        return ", ".join((self.metric, *(step for step, done in steps if done)))

    def rank(self, k: int) -> float:
        """Return rank-k: the share of queries found within the first k, at most the CMC's last."""
        return self.cmc[min(k, len(self.cmc)) - 1]


@dataclass(frozen=True)
class Verification:
    """Thresholds that tell "the same person" from "another", on one split.

    Attributes:
        split: the split's name.
        metric: the distance that the thresholds are of.
        equal_error_rate: where false alarms are as frequent as misses, in [0, 1].
        equal_error_point: the threshold with that error.
        rates: false positive rates, in [0, 1].
        points: the most permissive threshold that keeps each of them.
    """

    split: str
    metric: Metric
    equal_error_rate: float
    equal_error_point: OperatingPoint
    rates: tuple[float, ...]
    points: tuple[OperatingPoint, ...]


@dataclass(frozen=True)
class Result:
    """The evaluation of features on a dataset.

    Attributes:
        dataset: the dataset's name.
        protocol: who is excluded from whose gallery; see `reid_align.metrics.protocols`.
        splits: the number of splits that scores are the means of.
        query_images: queries in all splits.
        gallery_images: gallery images in all splits.
        feature_dim: D.
        scores: one for each way of comparing.
        verification: thresholds, if they were asked for.
    """

    dataset: str
    protocol: str
    splits: int
    query_images: int
    gallery_images: int
    feature_dim: int
    scores: tuple[Score, ...]
    verification: tuple[Verification, ...] = ()
