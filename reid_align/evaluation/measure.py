"""One split, measured in one way."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.checks import at_least_one, at_least_zero, up_to_one
from reid_align.datasets import ReidDataset
from reid_align.errors import InvalidInputError
from reid_align.evaluation.features import Side
from reid_align.metrics import (
    PROTOCOLS,
    AveragePrecision,
    DistanceBlocks,
    Metric,
    Protocol,
    distance_blocks,
    expected_single_shot,
    rank,
    rerank_blocks,
    sampled_single_shot,
)


@dataclass(frozen=True)
class EvaluationOptions:
    """What is measured.

    Attributes:
        metrics: the distances.
        rerank: measure again after k-reciprocal re-ranking.
        false_positive_rates: compute the equal error rate and the thresholds that keep these
            rates, in [0, 1]; None computes no thresholds.
        ap: "mean", or "trapezoid" for the area under the precision-recall curve as in the first
            evaluation code of Market-1501.
        draws: where one gallery image of each person is drawn, sample so many galleries; None
            computes the exact expectation over all of them.
        seed: of those draws.
        max_rank: the length of the CMC.
        device: where distances are computed.
        normalize_cameras: measure all of it again with features whitened camera by camera, over
            queries and gallery together (see `features.camera_normalization.normalize_by_camera`); thresholds stay those
            of the plain features.

    Raises:
        InvalidInputError: ``draws`` or ``max_rank`` below 1, ``seed`` below 0, or a rate outside
            [0, 1].
    """

    metrics: tuple[Metric, ...] = ("cosine", "euclidean")
    rerank: bool = False
    false_positive_rates: tuple[float, ...] | None = None
    ap: AveragePrecision = "mean"
    draws: int | None = None
    seed: int = 0
    max_rank: int = 50
    device: str = "cpu"
    normalize_cameras: bool = False

    def __post_init__(self) -> None:
        if self.draws is not None:
            at_least_one("draws", self.draws)
        at_least_one("max_rank", self.max_rank)
        at_least_zero("seed", self.seed)
        for rate in self.false_positive_rates or ():
            up_to_one("false_positive_rates", rate)


def check_options(dataset: ReidDataset, options: EvaluationOptions) -> None:
    """Refuse what cannot be measured on a dataset, before its features are computed.

    Raises:
        InvalidInputError: the dataset has no split, there are draws where nothing is drawn, or no
            cameras to normalize by.
    """
    if not dataset.splits:
        raise InvalidInputError(
            f"{dataset.name} at {dataset.root} has training images only: there is nothing to "
            "evaluate. Add query and gallery images."
        )
    protocol = PROTOCOLS[dataset.protocol]
    if options.draws is not None and not protocol.single_gallery_shot:
        raise InvalidInputError(
            f"draws {options.draws}: the protocol {protocol.name!r} of {dataset.name} draws "
            "nothing. Leave the draws out."
        )
    records = (record for split in dataset.splits for record in (*split.query, *split.gallery))
    if options.normalize_cameras and any(record.camera_id is None for record in records):
        raise InvalidInputError(
            "Camera-wise normalization has to know which camera took each image, and "
            f"{dataset.name} at {dataset.root} does not say so of all. Leave it out, or state the "
            "cameras (in a CSV file the column camera_id, in a folder's pattern the group of that "
            "name)."
        )


class Measured(NamedTuple):
    """What the Q queries of a split found.

    ``cmc`` is (K,), the others (Q,), NaN where a query has nothing to find. All but ``cmc`` and
    ``rank1`` are None where one gallery image of each person is drawn.
    """

    cmc: NDArray[np.float64]
    rank1: NDArray[np.float64]
    average_precision: NDArray[np.float64] | None = None
    penalty: NDArray[np.float64] | None = None
    first_hit: NDArray[np.int64] | None = None


def split_distances(
    query: Side, gallery: Side, metric: Metric, options: EvaluationOptions, *, reranked: bool
) -> DistanceBlocks:
    """Prepare the distances from all queries to the gallery."""
    blocks = rerank_blocks if reranked else distance_blocks
    return blocks(query.features, gallery.features, metric=metric, device=options.device)


def measure(
    distances: DistanceBlocks,
    query: Side,
    gallery: Side,
    protocol: Protocol,
    options: EvaluationOptions,
) -> Measured:
    """Measure one split with the measure that its protocol asks for."""
    sides, length = (query.labels, gallery.labels), options.max_rank
    if not protocol.single_gallery_shot:
        found = rank(distances, *sides, protocol=protocol, ap=options.ap, max_rank=length)
        return Measured(
            found.cmc,
            _share_first(found.first_hit),
            found.average_precision,
            found.inverse_negative_penalty,
            found.first_hit,
        )
    if options.draws is None:
        exact = expected_single_shot(distances, *sides, protocol=protocol, max_rank=length)
        return Measured(exact.cmc, exact.hit_probability[:, 0])
    drawn = sampled_single_shot(
        distances,
        *sides,
        seed=options.seed,
        repeats=options.draws,
        protocol=protocol,
        max_rank=length,
    )
    return Measured(drawn.cmc, _share_first(drawn.first_hit).mean(axis=0))


def _share_first(first_hit: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(first_hit > 0, first_hit == 1, np.nan)
