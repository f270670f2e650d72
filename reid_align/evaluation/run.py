"""From a dataset and its features to a result."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.datasets import ReidDataset
from reid_align.errors import InvalidInputError
from reid_align.evaluation.features import Side, match_features, normalize_cameras, rows_by_path
from reid_align.evaluation.measure import (
    EvaluationOptions,
    Measured,
    check_options,
    measure,
    split_distances,
)
from reid_align.evaluation.result import QueryScore, Result, Score, Verification
from reid_align.features import Features
from reid_align.metrics import CROSS_CAMERA, PROTOCOLS, Metric, Protocol, verify


def evaluate(
    dataset: ReidDataset, features: Features, options: EvaluationOptions | None = None
) -> Result:
    """Score features on all splits of a dataset under its protocol.

    Args:
        dataset: from `load_dataset`.
        features: with a row for every query and gallery image: from `dataset_features`, or read
            from a file that ``extract`` wrote.
        options: what to measure.

    Raises:
        InvalidInputError: as `check_options`; or images have no features, or no query has
            anything to find.
    """
    options = options or EvaluationOptions()
    check_options(dataset, options)
    protocol = PROTOCOLS[dataset.protocol]
    rows = rows_by_path(features)
    sides = {split.name: match_features(split, features, rows) for split in dataset.splits}
    prepared = {False: sides}
    if options.normalize_cameras:
        prepared[True] = {name: normalize_cameras(*pair) for name, pair in sides.items()}
    again = (False, True) if options.rerank else (False,)
    ways = [Way(*way) for way in product(options.metrics, prepared, again)]
    return Result(
        dataset.name,
        protocol.name,
        len(sides),
        sum(len(query.records) for query, _ in sides.values()),
        sum(len(gallery.records) for _, gallery in sides.values()),
        features.values.shape[1],
        tuple(_score(prepared[way.normalized_cameras], way, protocol, options) for way in ways),
        tuple(_thresholds(sides, protocol, options)),
    )


class Way(NamedTuple):
    """One way of comparing features; see Score."""

    metric: Metric
    normalized_cameras: bool
    reranked: bool


Sides = dict[str, tuple[Side, Side]]


def _score(sides: Sides, way: Way, protocol: Protocol, options: EvaluationOptions) -> Score:
    measured: list[Measured] = []
    queries: list[QueryScore] = []
    for name, (query, gallery) in sides.items():
        distances = split_distances(query, gallery, way.metric, options, reranked=way.reranked)
        found = measure(distances, query, gallery, protocol, options)
        measured.append(found)
        queries.extend(_query_scores(name, query, found))
    cmc = np.stack([found.cmc for found in measured])
    if np.isnan(cmc).any():
        raise InvalidInputError(
            f"No query has anything to find under the protocol {protocol.name!r}: nobody on a "
            "query is in the gallery, or only as seen by the query's own camera."
        )
    return Score(
        *way,
        tuple(cmc.mean(axis=0).tolist()),
        float(cmc[:, 0].std()),
        _mean([found.average_precision for found in measured]),
        _mean([found.penalty for found in measured]),
        len(queries),
        tuple(queries),
    )


def _query_scores(split: str, query: Side, found: Measured) -> Iterator[QueryScore]:
    precision, first_hit = found.average_precision, found.first_hit
    for index in np.flatnonzero(~np.isnan(found.rank1)):
        record = query.records[index]
        yield QueryScore(
            split,
            record.path,
            record.person_id,
            record.camera_id,
            float(found.rank1[index]),
            None if precision is None else float(precision[index]),
            None if first_hit is None else int(first_hit[index]),
        )


def _mean(splits: Sequence[NDArray[np.float64] | None]) -> float | None:
    """Return the mean over splits of the means over the queries with something to find."""
    means = [float(np.nanmean(values)) for values in splits if values is not None]
    return float(np.mean(means)) if means else None


def _thresholds(
    sides: Sides, protocol: Protocol, options: EvaluationOptions
) -> Iterable[Verification]:
    rates = options.false_positive_rates
    if rates is None:
        return
    # Verification compares all pairs: it draws no gallery.
    pairs = CROSS_CAMERA if protocol.single_gallery_shot else protocol
    for metric in options.metrics:
        for name, (query, gallery) in sides.items():
            distances = split_distances(query, gallery, metric, options, reranked=False)
            found = verify(distances, query.labels, gallery.labels, protocol=pairs)
            yield Verification(
                name,
                metric,
                found.equal_error_rate,
                found.equal_error_point,
                rates,
                tuple(map(found.at_false_positive_rate, rates)),
            )
