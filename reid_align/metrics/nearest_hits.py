"""The nearest gallery images of each query under a protocol."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics.blockwise_distances import DistanceBlocks
from reid_align.metrics.labels import Labels
from reid_align.metrics.protocols import Protocol, matched_blocks
from reid_align.metrics.ragged_arrays import Indices


class NearestHits(NamedTuple):
    """Nearest gallery images, nearest first; ties by ascending index.

    Args:
        columns: (Q, K) int64, gallery images; -1 where fewer than K are allowed.
        distances: (Q, K) float32; infinity where ``columns`` is -1.
    """

    columns: Indices
    distances: NDArray[np.float32]


def nearest_hits(
    distances: DistanceBlocks, query: Labels, gallery: Labels, protocol: Protocol, count: int
) -> NearestHits:
    """Find the ``count`` nearest gallery images of each query that the protocol does not exclude.

    Args:
        distances: from `distance_blocks`, `matrix_blocks` or `rerank_blocks`.
        query: labels of the queries.
        gallery: labels of the gallery.
        protocol: exclusion rules.
        count: at least 1; K in the result is min(count, G).

    Raises:
        InvalidInputError: as `rank`.
    """
    kept = min(count, len(gallery))
    columns = np.full((len(query), kept), -1, np.int64)
    found = np.full((len(query), kept), np.inf, np.float32)
    for block in matched_blocks(distances, query, gallery, protocol):
        for index, row in enumerate(block.distances, block.start):
            # Every image that ties with the last one takes part in the stable sort.
            near = np.flatnonzero(row <= np.partition(row, kept - 1)[kept - 1])
            near = near[np.isfinite(row[near])]
            near = near[np.argsort(row[near], kind="stable")][:kept]
            columns[index, : len(near)] = near
            found[index, : len(near)] = row[near]
    return NearestHits(columns, found)
