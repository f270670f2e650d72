"""Evaluation: distances, protocols, rankings, verification and re-ranking.

Distances come by blocks of queries, so that no whole table of them need exist. A source of
distances is joined with a measure::

    distances = distance_blocks(query_features, gallery_features, metric="cosine")
    result = rank(distances, Labels(query_ids, query_cameras), Labels(gallery_ids, gallery_cameras))
    result.cmc[0], result.mean_average_precision

Sources: distance_blocks (features), rerank_blocks (features, re-ranked), matrix_blocks (a table).
Measures: rank (CMC, mAP, mINP), expected_single_shot and sampled_single_shot (the CMC with one
gallery image per person), verify (thresholds, TPR at an FPR, EER). Who is excluded from whose
gallery is stated in protocols, once for all measures.
"""

from reid_align.metrics.blocks import DistanceBlock, DistanceBlocks, matrix_blocks
from reid_align.metrics.distance import Metric, distance_blocks, distances
from reid_align.metrics.labels import Labels
from reid_align.metrics.protocols import (
    ALL_IMAGES,
    CROSS_CAMERA,
    PROTOCOLS,
    SINGLE_GALLERY_SHOT,
    Protocol,
    default_protocol,
)
from reid_align.metrics.ranking import AveragePrecision, RankingResult, rank
from reid_align.metrics.rerank import rerank_blocks
from reid_align.metrics.roc import OperatingPoint, VerificationResult
from reid_align.metrics.single_shot import SingleShotResult, expected_single_shot
from reid_align.metrics.single_shot_sampled import SampledSingleShotResult, sampled_single_shot
from reid_align.metrics.verification import verify

__all__ = [
    "ALL_IMAGES",
    "CROSS_CAMERA",
    "PROTOCOLS",
    "SINGLE_GALLERY_SHOT",
    "AveragePrecision",
    "DistanceBlock",
    "DistanceBlocks",
    "Labels",
    "Metric",
    "OperatingPoint",
    "Protocol",
    "RankingResult",
    "SampledSingleShotResult",
    "SingleShotResult",
    "VerificationResult",
    "default_protocol",
    "distance_blocks",
    "distances",
    "expected_single_shot",
    "matrix_blocks",
    "rank",
    "rerank_blocks",
    "sampled_single_shot",
    "verify",
]
