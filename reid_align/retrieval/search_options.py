"""Options of a search."""

from dataclasses import dataclass
from typing import Literal, get_args

from reid_align.checks import at_least_one, one_of
from reid_align.errors import InvalidInputError
from reid_align.metrics import Metric

SharedColumn = Literal["camera", "track"]


@dataclass(frozen=True)
class SearchOptions:
    """How to search.

    Attributes:
        k: number of hits per query.
        metric: "cosine" or "euclidean".
        exclude_same: leave out gallery images with the query's "camera" or "track"; needs that
            metadata.
        normalize_cameras: whiten the features camera by camera first (see
            `features.camera_normalization`); needs the camera of every image.
        expand_query: number of nearest hits to average with the query before searching again; 0
            turns query expansion off.
        rerank: number of nearest hits to re-rank by their k-reciprocal neighbors; 0 turns
            re-ranking off.

    Raises:
        InvalidInputError: a value is out of range, or ``rerank`` is below ``k``.
    """

    k: int = 10
    metric: Metric = "cosine"
    exclude_same: SharedColumn | None = None
    normalize_cameras: bool = False
    expand_query: int = 0
    rerank: int = 0

    def __post_init__(self) -> None:
        at_least_one("k", self.k)
        one_of("metric", self.metric, get_args(Metric))
        if self.exclude_same is not None:
            one_of("exclude_same", self.exclude_same, get_args(SharedColumn))
        for name, value in (("expand_query", self.expand_query), ("rerank", self.rerank)):
            if value < 0:
                raise InvalidInputError(f"{name}={value}: give at least 0.")
        if 0 < self.rerank < self.k:
            raise InvalidInputError(f"rerank={self.rerank}: give at least k={self.k}.")

    @property
    def keeps_distances(self) -> bool:
        """Whether the distances are those of the features, to which a calibration applies."""
        return not (self.normalize_cameras or self.expand_query or self.rerank)
