"""Evaluation methods: reid_align's, the usual ones, and the plain matrix product."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.speed.evaluation_problem import Side
from reid_align.metrics import (
    DistanceBlocks,
    Labels,
    distance_blocks,
    matrix_blocks,
    rank,
    rerank_blocks,
)
from reid_align.metrics.matrix_products import FeatureMatrix

Scores = dict[str, float]


def multiply(query: Side, gallery: Side, device: str) -> Scores:
    """Compute only the matrix product, block by block."""
    left, right = query.features, gallery.features.T
    if device == "cpu":
        for start in range(0, len(left), 1024):
            np.matmul(left[start : start + 1024], right)
        return {}
    rows, columns = torch.tensor(left, device=device), torch.tensor(right, device=device)
    for start in range(0, len(rows), 1024):
        rows[start : start + 1024] @ columns
    # Reading one value waits for all queued products.
    rows[0, 0].item()
    return {}


def evaluate(
    source: Callable[..., DistanceBlocks], query: Side, gallery: Side, device: str
) -> Scores:
    """Evaluate with reid_align."""
    return _scores(source(query.features, gallery.features, device=device), query, gallery)


def sort(query: Side, gallery: Side, device: str) -> Scores:
    """Evaluate the usual way: full distance matrix, then a full sort of each row."""
    first_ranks, precisions = [], []
    units = [_units(side) for side in (query, gallery)]
    for row, person_id, camera_id in zip(
        1 - units[0] @ units[1].T, query.person_ids, query.camera_ids, strict=True
    ):
        order = np.argsort(row, kind="stable")
        same = gallery.person_ids[order] == person_id
        hits = same[~(same & (gallery.camera_ids[order] == camera_id))]
        ranks = np.flatnonzero(hits) + 1
        if ranks.size:
            first_ranks.append(ranks[0])
            precisions.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return {"rank1": float(np.mean(np.equal(first_ranks, 1))), "mAP": float(np.mean(precisions))}


def rerank_in_tables(query: Side, gallery: Side, device: str) -> Scores:
    """Re-rank as torchreid does, with full matrices over all images.

    torchreid's engine passes squared distances, which its function squares again; here they are
    squared once, as in the paper.

    Source: Zhong et al., arXiv:1701.08398; torchreid/reid/utils/rerank.py, step by step.
    """
    left, right = _units(query), _units(gallery)
    distances = _rerank_tables(
        _euclidean(left, right), _euclidean(left, left), _euclidean(right, right)
    )
    return _scores(matrix_blocks(distances), query, gallery)


def _rerank_tables(
    across: FeatureMatrix, queries: FeatureMatrix, gallery: FeatureMatrix, k1: int = 20
) -> FeatureMatrix:
    """Return the re-ranked distances (Q, G) for k2 = 6 and λ = 0.3."""
    upper, lower = np.concatenate([queries, across], 1), np.concatenate([across.T, gallery], 1)
    distances = np.power(np.concatenate([upper, lower]), 2).astype(np.float32)
    distances = np.transpose(1.0 * distances / np.max(distances, axis=0))
    nearest = np.argsort(distances).astype(np.int32)
    weights = np.zeros_like(distances)
    for image in range(len(distances)):
        wanted = found = _reciprocal(nearest, image, k1)
        for other in found:
            more = _reciprocal(nearest, other, round(k1 / 2))
            if len(np.intersect1d(more, found)) > 2 / 3 * len(more):
                wanted = np.append(wanted, more)
        wanted = np.unique(wanted)
        weight = np.exp(-distances[image, wanted])
        weights[image, wanted] = weight / weight.sum()
    distances = distances[: len(across)]
    averaged = np.zeros_like(weights)
    for image in range(len(weights)):
        averaged[image] = np.mean(weights[nearest[image, :6]], axis=0)
    holders = [np.flatnonzero(column) for column in averaged.T]
    jaccard = np.zeros_like(distances)
    for image in range(len(across)):
        shared = np.zeros(len(averaged), np.float32)
        for other in np.flatnonzero(averaged[image]):
            rows = holders[other]
            shared[rows] += np.minimum(averaged[image, other], averaged[rows, other])
        jaccard[image] = 1 - shared / (2 - shared)
    return np.ascontiguousarray((0.7 * jaccard + 0.3 * distances)[:, len(across) :])


def _reciprocal(nearest: NDArray[np.int32], image: int, count: int) -> NDArray[np.int32]:
    forward = nearest[image, : count + 1]
    backward = nearest[forward, : count + 1]
    return forward[np.where(backward == image)[0]]


def _units(side: Side) -> FeatureMatrix:
    units: FeatureMatrix = side.features / np.linalg.norm(side.features, axis=1, keepdims=True)
    return units


def _euclidean(left: FeatureMatrix, right: FeatureMatrix) -> FeatureMatrix:
    distances: FeatureMatrix = np.sqrt(np.maximum(2 - 2 * (left @ right.T), 0))
    return distances


def _scores(distances: DistanceBlocks, query: Side, gallery: Side) -> Scores:
    sides = [Labels(side.person_ids, side.camera_ids) for side in (query, gallery)]
    result = rank(distances, sides[0], sides[1])
    return {"rank1": float(result.cmc[0]), "mAP": result.mean_average_precision}


Method = Callable[[Side, Side, str], Scores]
METHODS: dict[str, Method] = {
    "multiply": multiply,
    "evaluate": partial(evaluate, distance_blocks),
    "sort": sort,
    "rerank": partial(evaluate, rerank_blocks),
    "rerank_in_tables": rerank_in_tables,
}
