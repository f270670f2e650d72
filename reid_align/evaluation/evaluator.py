"""Evaluation of a dataset's features: all splits, metrics and thresholds."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.datasets import ReidDataset, Split
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
    pooled_queries,
    rows_by_path,
    without_failed,
)
from reid_align.evaluation.feature_processing import FeatureProcessing
from reid_align.evaluation.label_checks import no_match
from reid_align.evaluation.query_scores import query_scores
from reid_align.evaluation.split_metrics import (
    SplitMetrics,
    compute_split_metrics,
    split_distances,
)
from reid_align.features import FailedImage, Features
from reid_align.metrics import CROSS_CAMERA, PROTOCOLS, Metric, Protocol, nearest_hits, verify

Splits = dict[str, tuple[LabeledFeatures, LabeledFeatures]]

# Deviation of a norm from 1 that float32 rounding explains.
TOLERANCE = 1e-3


def evaluate(
    dataset: ReidDataset,
    features: Features,
    options: EvaluationOptions | None = None,
    processing: FeatureProcessing | None = None,
) -> EvaluationResult:
    """Score features on all splits of a dataset under its protocol.

    Args:
        dataset: from `load_dataset`.
        features: a row for each query and gallery image, from `dataset_features` or
            `read_features`.
        options: metrics to compute.
        processing: how the features were computed, for the reports; None if unknown. The reports
            state the actual scaling of the features.

    Raises:
        InvalidInputError: images without features, or no query has a genuine gallery image.
    """
    options, processing = options or EvaluationOptions(), processing or FeatureProcessing()
    check_options(dataset, options)
    protocol = PROTOCOLS[dataset.protocol]
    rows = rows_by_path(features)
    remaining, skipped = dataset.splits, []
    if options.skip_failed:
        remaining = tuple(without_failed(split, features, rows) for split in remaining)
        skipped = _skipped(dataset.splits, features, rows)
    splits = {
        split.name: match_features(split, features, rows, normalize=options.normalize)
        for split in remaining
    }
    prepared = {False: splits}
    if options.normalize_cameras:
        prepared[True] = {name: normalize_cameras(*sides) for name, sides in splits.items()}
    images = sum(len(query.records) for query, _ in splits.values())
    prepared = {key: _with_pooled_queries(value, protocol) for key, value in prepared.items()}
    reranked = (False, True) if options.rerank else (False,)
    comparisons = [Comparison(*values) for values in product(options.metrics, prepared, reranked)]
    return EvaluationResult(
        dataset.name,
        protocol.name,
        len(splits),
        sum(len(query.records) for query, _ in prepared[False].values()),
        sum(len(gallery.records) for _, gallery in splits.values()),
        features.values.shape[1],
        tuple(
            _score(dataset, prepared[comparison.normalize_cameras], comparison, options)
            for comparison in comparisons
        ),
        tuple(_thresholds(splits, protocol, options)),
        replace(processing, normalized=_have_length_one(splits)),
        tuple(skipped),
        None if protocol.query_pooling is None else images,
    )


def _with_pooled_queries(splits: Splits, protocol: Protocol) -> Splits:
    return {
        name: (pooled_queries(query, protocol), gallery)
        for name, (query, gallery) in splits.items()
    }


def _have_length_one(splits: Splits) -> bool:
    """Return whether all feature vectors have length 1, or 0."""
    for side in (side for sides in splits.values() for side in sides):
        norms = np.linalg.norm(side.features, axis=1)
        if not np.all((np.abs(norms - 1) < TOLERANCE) | (norms == 0)):
            return False
    return True


def _skipped(
    splits: Sequence[Split], features: Features, rows: Mapping[str, int]
) -> list[FailedImage]:
    """Return the failed images of the splits, in the order of ``features.failed``."""
    paths = {
        os.path.abspath(record.path)
        for split in splits
        for record in (*split.query, *split.gallery)
    }
    failed = ((os.path.abspath(image.path), image) for image in features.failed)
    return [image for path, image in failed if path in paths and path not in rows]


class Comparison(NamedTuple):
    """How features are compared; see `ScoreRow`."""

    metric: Metric
    normalize_cameras: bool
    reranked: bool


def _score(
    dataset: ReidDataset, splits: Splits, comparison: Comparison, options: EvaluationOptions
) -> ScoreRow:
    protocol = PROTOCOLS[dataset.protocol]
    computed: list[SplitMetrics] = []
    queries: list[QueryScore] = []
    for name, (query, gallery) in splits.items():
        distances = split_distances(
            query, gallery, comparison.metric, options, reranked=comparison.reranked
        )
        metrics = compute_split_metrics(distances, query, gallery, protocol, options)
        computed.append(metrics)
        nearest = None
        if options.hits:
            labels = query.labels, gallery.labels
            nearest = nearest_hits(distances, *labels, protocol, options.hits)
        queries.extend(query_scores(dataset, name, query, gallery, metrics, nearest))
    cmc = np.stack([metrics.cmc for metrics in computed])
    if np.isnan(cmc).any():
        raise InvalidInputError(no_match(protocol))
    return ScoreRow(
        *comparison,
        tuple(cmc.mean(axis=0).tolist()),
        float(cmc[:, 0].std()),
        _mean([metrics.average_precision for metrics in computed]),
        _mean([metrics.inverse_negative_penalty for metrics in computed]),
        len(queries),
        tuple(queries),
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
    # Verification compares all pairs of images: without a single-shot gallery or pooled queries.
    pairs_of_images = protocol.single_gallery_shot or protocol.query_pooling is not None
    pairs = CROSS_CAMERA if pairs_of_images else protocol
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
                roc.curve(),
            )
