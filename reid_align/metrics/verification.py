"""Pairwise verification: accepted genuine and impostor pairs for each threshold."""

import numpy as np

from reid_align.metrics.blockwise_distances import DistanceBlocks
from reid_align.metrics.labels import Labels
from reid_align.metrics.protocols import (
    Protocol,
    check_gallery_shots,
    default_protocol,
    matched_blocks,
)
from reid_align.metrics.roc import VerificationResult


def verify(
    distances: DistanceBlocks,
    query: Labels,
    gallery: Labels,
    *,
    protocol: Protocol | None = None,
) -> VerificationResult:
    """Compute the exact ROC over all pairs of a query and a gallery image.

    Pairs that the protocol excludes do not count. Reads the distances twice: first to collect the
    distances of the genuine pairs, then to count the impostors without storing them.

    Args:
        distances: from `distance_blocks`, `matrix_blocks` or `rerank_blocks`.
        query: labels of the queries.
        gallery: labels of the gallery.
        protocol: exclusion rules; None is CROSS_CAMERA with camera ids, ALL_IMAGES without.

    Raises:
        InvalidInputError: labels that do not match, missing camera ids, or a single-gallery-shot
            protocol.
    """
    protocol = protocol or default_protocol(query, gallery)
    check_gallery_shots(protocol, single=False)
    genuine = [np.empty(0, np.float32)]
    for block in matched_blocks(distances, query, gallery, protocol):
        genuine.append(block.distances[block.rows, block.columns])
    thresholds, counts = np.unique(np.concatenate(genuine), return_counts=True)
    below, accepted = np.zeros(len(thresholds), np.int64), np.zeros(len(thresholds), np.int64)
    impostor_pairs = 0
    for block in matched_blocks(distances, query, gallery, protocol):
        block.distances[block.rows, block.columns] = np.inf
        impostors = block.distances.reshape(-1)
        impostors.sort()
        below += impostors.searchsorted(thresholds)
        accepted += impostors.searchsorted(thresholds, side="right")
        impostor_pairs += int(impostors.searchsorted(np.float32(np.inf)))
    genuine_pairs = int(counts.sum())
    return VerificationResult(
        thresholds, np.cumsum(counts), accepted, below, genuine_pairs, impostor_pairs, protocol
    )
