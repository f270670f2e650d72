"""Options of an evaluation and their validation against a dataset."""

from dataclasses import dataclass

from reid_align.checks import at_least_one, at_least_zero, up_to_one
from reid_align.datasets import ReidDataset
from reid_align.errors import InvalidInputError
from reid_align.evaluation.label_checks import check_labels
from reid_align.metrics import AveragePrecision, Metric


@dataclass(frozen=True)
class EvaluationOptions:
    """Metrics to compute.

    Attributes:
        metrics: distances between features.
        rerank: add rows with k-reciprocal re-ranking.
        false_positive_rates: compute verification thresholds: the equal error rate, and the true
            positive rate at each of these false positive rates, in [0, 1]; None skips verification.
        ap: "mean", or "trapezoid" for the area under the precision-recall curve as in the first
            evaluation code of Market-1501.
        max_rank: length of the CMC.
        device: device of the distance computation.
        normalize_cameras: add rows with features whitened camera by camera, over queries and
            gallery together (see `features.camera_normalization.normalize_by_camera`). Thresholds
            are always of the features without this normalization.
        normalize: scale each feature vector to length 1 first; otherwise features are used as
            given.
        skip_failed: leave out images without features that are listed in `Features.failed`.
        hits: number of nearest gallery images to report for each query; 0 reports none.

    Raises:
        InvalidInputError: ``max_rank`` below 1, ``hits`` below 0, or a rate outside [0, 1].
    """

    metrics: tuple[Metric, ...] = ("cosine", "euclidean")
    rerank: bool = False
    false_positive_rates: tuple[float, ...] | None = None
    ap: AveragePrecision = "mean"
    max_rank: int = 50
    device: str = "cpu"
    normalize_cameras: bool = False
    normalize: bool = False
    skip_failed: bool = False
    hits: int = 0

    def __post_init__(self) -> None:
        at_least_one("max_rank", self.max_rank)
        at_least_zero("hits", self.hits)
        for rate in self.false_positive_rates or ():
            up_to_one("false_positive_rates", rate)


def check_options(dataset: ReidDataset, options: EvaluationOptions) -> None:
    """Check that a dataset supports the options, before any features are computed.

    Raises:
        InvalidInputError: the dataset has no query and gallery images, camera normalization is
            requested and some images have no camera, or as `check_labels`.
        DatasetFormatError: as `check_labels`.
    """
    if not dataset.splits:
        raise InvalidInputError(
            f"{dataset.name} at {dataset.root} has only training images. An evaluation needs query "
            "and gallery images."
        )
    records = (record for split in dataset.splits for record in (*split.query, *split.gallery))
    if options.normalize_cameras and any(record.camera_id is None for record in records):
        raise InvalidInputError(
            f"Camera normalization needs the camera of each image, but {dataset.name} at "
            f"{dataset.root} does not give all of them. Turn it off, or add the cameras (column "
            "camera_id of a CSV file, group camera_id of a folder's pattern)."
        )
    check_labels(dataset)
