"""Results of single queries: scores and nearest gallery images, with the dataset's own names."""

from collections.abc import Iterator

import numpy as np

from reid_align.datasets import ReidDataset
from reid_align.evaluation.evaluation_result import QueryScore, RankedHit
from reid_align.evaluation.feature_matching import LabeledFeatures
from reid_align.evaluation.split_metrics import SplitMetrics
from reid_align.metrics import NearestHits


def query_scores(
    dataset: ReidDataset,
    split: str,
    query: LabeledFeatures,
    gallery: LabeledFeatures,
    metrics: SplitMetrics,
    nearest: NearestHits | None,
) -> Iterator[QueryScore]:
    """Yield the results of the queries of a split that have a match in the gallery.

    Args:
        dataset: gives the names of identities and cameras.
        split: name of the split.
        query: the Q queries.
        gallery: the gallery.
        metrics: metrics of the queries.
        nearest: nearest gallery images of the queries; None reports none.
    """
    precision, first_hit = metrics.average_precision, metrics.first_hit
    for index in np.flatnonzero(~np.isnan(metrics.rank1)).tolist():
        record = query.records[index]
        yield QueryScore(
            split,
            record.path,
            record.person_id,
            record.camera_id,
            float(metrics.rank1[index]),
            None if precision is None else float(precision[index]),
            None if first_hit is None else int(first_hit[index]),
            dataset.person_name(record.person_id),
            dataset.camera_name(record.camera_id),
            () if nearest is None else _hits(dataset, index, query, gallery, nearest),
        )


def _hits(
    dataset: ReidDataset,
    index: int,
    query: LabeledFeatures,
    gallery: LabeledFeatures,
    nearest: NearestHits,
) -> tuple[RankedHit, ...]:
    found = zip(nearest.columns[index].tolist(), nearest.distances[index].tolist(), strict=True)
    records = ((gallery.records[column], distance) for column, distance in found if column >= 0)
    return tuple(
        RankedHit(
            record.path,
            distance,
            dataset.person_name(record.person_id),
            dataset.camera_name(record.camera_id),
            record.person_id == query.records[index].person_id,
        )
        for record, distance in records
    )
