"""Re-identification metrics: CMC, mAP, mINP, verification and k-reciprocal re-ranking.

Distances are computed in blocks of queries, which avoids materializing the full distance matrix.
Combine a source of distances with a metric::

    distances = distance_blocks(query_features, gallery_features, metric="cosine")
    result = rank(distances, Labels(query_ids, query_cameras), Labels(gallery_ids, gallery_cameras))
    result.cmc[0], result.mean_average_precision

Sources: `distance_blocks` (features), `rerank_blocks` (features, re-ranked), `matrix_blocks` (an
existing distance matrix). Metrics: `rank` (CMC, mAP, mINP), `expected_single_shot` (CMC with one
gallery image per identity), `verify` (ROC, thresholds, equal error rate). The evaluation protocols,
which exclude gallery images per query, are defined in `reid_align.metrics.protocols`. For multiple
queries, `pool_queries` comes before the distances.
"""

from reid_align.metrics.blockwise_distances import DistanceBlock, DistanceBlocks, matrix_blocks
from reid_align.metrics.distance import Metric, distance_blocks, distances
from reid_align.metrics.labels import Labels
from reid_align.metrics.nearest_hits import NearestHits, nearest_hits
from reid_align.metrics.protocols import (
    ALL_IMAGES,
    CROSS_CAMERA,
    MULTIPLE_QUERY,
    MULTIPLE_QUERY_MAX,
    PROTOCOLS,
    REASSOCIATION,
    SINGLE_GALLERY_SHOT,
    Protocol,
    default_protocol,
)
from reid_align.metrics.query_pooling import PooledQueries, Pooling, pool_queries
from reid_align.metrics.rerank import rerank_blocks
from reid_align.metrics.retrieval_metrics import AveragePrecision, RankingResult, rank
from reid_align.metrics.roc import OperatingPoint, VerificationResult
from reid_align.metrics.single_shot import SingleShotResult, expected_single_shot
from reid_align.metrics.verification import verify

__all__ = [
    "ALL_IMAGES",
    "CROSS_CAMERA",
    "MULTIPLE_QUERY",
    "MULTIPLE_QUERY_MAX",
    "PROTOCOLS",
    "REASSOCIATION",
    "SINGLE_GALLERY_SHOT",
    "AveragePrecision",
    "DistanceBlock",
    "DistanceBlocks",
    "Labels",
    "Metric",
    "NearestHits",
    "OperatingPoint",
    "PooledQueries",
    "Pooling",
    "Protocol",
    "RankingResult",
    "SingleShotResult",
    "VerificationResult",
    "default_protocol",
    "distance_blocks",
    "distances",
    "expected_single_shot",
    "matrix_blocks",
    "nearest_hits",
    "pool_queries",
    "rank",
    "rerank_blocks",
    "verify",
]
