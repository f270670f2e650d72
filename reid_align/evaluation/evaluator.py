"""Evaluation of a dataset's features: all splits, metrics and thresholds."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.datasets import ReidDataset
from reid_align.errors import InvalidInputError
from reid_align.evaluation.evaluation_options import EvaluationOptions, check_options
from reid_align.evaluation.evaluation_result import (
    EvaluationResult,
    QueryScore,
    ScoreRow,
    Verification,
)
from reid_align.evaluation.feature_matching import (
    LabeledFeatures,
    match_features,
    normalize_cameras,
    rows_by_path,
)
from reid_align.evaluation.split_metrics import (
    SplitMetrics,
    compute_split_metrics,
    split_distances,
)
from reid_align.features import Features
from reid_align.metrics import CROSS_CAMERA, PROTOCOLS, Metric, Protocol, verify


def evaluate(
    dataset: ReidDataset, features: Features, options: EvaluationOptions | None = None
) -> EvaluationResult:
    """Score features on all splits of a dataset under its protocol.

    Args:
        dataset: from `load_dataset`.
        features: a row for each query and gallery image, from `dataset_features` or
            `read_features`.
        options: metrics to compute.

    Raises:
        InvalidInputError: images without features, or no query has a genuine gallery image.
    """
    options = options or EvaluationOptions()
    check_options(dataset, options)
    protocol = PROTOCOLS[dataset.protocol]
    rows = rows_by_path(features)
    splits = {split.name: match_features(split, features, rows) for split in dataset.splits}
    prepared = {False: splits}
    if options.normalize_cameras:
        prepared[True] = {name: normalize_cameras(*sides) for name, sides in splits.items()}
    reranked = (False, True) if options.rerank else (False,)
    comparisons = [Comparison(*values) for values in product(options.metrics, prepared, reranked)]
    return EvaluationResult(
        dataset.name,
        protocol.name,
        len(splits),
        sum(len(query.records) for query, _ in splits.values()),
        sum(len(gallery.records) for _, gallery in splits.values()),
        features.values.shape[1],
        tuple(
            _score(prepared[comparison.normalized_cameras], comparison, protocol, options)
            for comparison in comparisons
        ),
        tuple(_thresholds(splits, protocol, options)),
    )


class Comparison(NamedTuple):
    """How features are compared; see `ScoreRow`."""

    metric: Metric
    normalized_cameras: bool
    reranked: bool


Splits = dict[str, tuple[LabeledFeatures, LabeledFeatures]]


def _score(
    splits: Splits, comparison: Comparison, protocol: Protocol, options: EvaluationOptions
) -> ScoreRow:
    computed: list[SplitMetrics] = []
    queries: list[QueryScore] = []
    for name, (query, gallery) in splits.items():
        distances = split_distances(
            query, gallery, comparison.metric, options, reranked=comparison.reranked
        )
        metrics = compute_split_metrics(distances, query, gallery, protocol, options)
        computed.append(metrics)
        queries.extend(_query_scores(name, query, metrics))
    cmc = np.stack([metrics.cmc for metrics in computed])
    if np.isnan(cmc).any():
        raise InvalidInputError(
            f"No query has a match under the protocol {protocol.name!r}: no identity of a query is "
            "in the gallery, or only in images from the query's own camera."
        )
    return ScoreRow(
        *comparison,
        tuple(cmc.mean(axis=0).tolist()),
        float(cmc[:, 0].std()),
        _mean([metrics.average_precision for metrics in computed]),
        _mean([metrics.inverse_negative_penalty for metrics in computed]),
        len(queries),
        tuple(queries),
    )


def _query_scores(
    split: str, query: LabeledFeatures, metrics: SplitMetrics
) -> Iterator[QueryScore]:
    precision, first_hit = metrics.average_precision, metrics.first_hit
    for index in np.flatnonzero(~np.isnan(metrics.rank1)):
        record = query.records[index]
        yield QueryScore(
            split,
            record.path,
            record.person_id,
            record.camera_id,
            float(metrics.rank1[index]),
            None if precision is None else float(precision[index]),
            None if first_hit is None else int(first_hit[index]),
        )


def _mean(splits: Sequence[NDArray[np.float64] | None]) -> float | None:
    """Average over the splits the mean over their valid queries."""
    means = [float(np.nanmean(values)) for values in splits if values is not None]
    return float(np.mean(means)) if means else None


def _thresholds(
    splits: Splits, protocol: Protocol, options: EvaluationOptions
) -> Iterable[Verification]:
    rates = options.false_positive_rates
    if rates is None:
        return
    # Verification compares all pairs; it has no single-shot gallery.
    pairs = CROSS_CAMERA if protocol.single_gallery_shot else protocol
    for metric in options.metrics:
        for name, (query, gallery) in splits.items():
            distances = split_distances(query, gallery, metric, options, reranked=False)
            roc = verify(distances, query.labels, gallery.labels, protocol=pairs)
            yield Verification(
                name,
                metric,
                roc.equal_error_rate,
                roc.equal_error_point,
                rates,
                tuple(map(roc.at_false_positive_rate, rates)),
            )
