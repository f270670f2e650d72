"""Same person or not: counting what every threshold accepts."""

import numpy as np

from reid_align.metrics.blocks import DistanceBlocks
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
    """Count, for every distance of a genuine pair, what that distance as a threshold accepts.

    The pairs are those of a query with a gallery item that the protocol leaves it. The distances
    are read twice: once to collect those of the genuine pairs, which are kept, and once to count
    the impostors, of which none is kept.

    Args:
        distances: from every query to every gallery item.
        query: labels of the queries.
        gallery: labels of the gallery.
        protocol: who is excluded; None is default_protocol of the labels.

    Raises:
        InvalidInputError: labels that do not fit, missing camera ids, or a single-gallery-shot
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
