"""Measures of labeled features: thresholds, draws of pairs, near pairs, clusters and search."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from reid_align.calibration import LabeledPairs, pair_distances
from reid_align.calibration.pair_roc import PairRoc
from reid_align.clustering import cluster_features, score_clusters
from reid_align.demo_page.pair_labeling import PairLabeling
from reid_align.errors import InvalidInputError
from reid_align.metrics import Labels
from reid_align.retrieval import Groups, NearestRows, nearest_rows
from reid_align.retrieval.result_improvement import expand_queries, rerank_rows

Values = NDArray[np.float32]


def threshold_measures(pairs: LabeledPairs, rate: float, shipped: float) -> dict[str, float]:
    """Return EER, the threshold at a false match rate, and both rates at a shipped threshold."""
    result = PairRoc(pairs).result()
    point = result.at_false_positive_rate(rate)
    accepted, same = pairs.distances <= np.float32(shipped), pairs.same
    return {
        "same_pairs": int(same.sum()),
        "different_pairs": int((~same).sum()),
        "equal_error_rate": round(result.equal_error_rate, 5),
        "equal_error_threshold": round(result.equal_error_point.threshold, 5),
        "threshold": round(point.threshold, 5),
        "true_match_rate": round(point.true_positive_rate, 5),
        "shipped_false_match_rate": round(float(accepted[~same].mean()), 5),
        "shipped_true_match_rate": round(float(accepted[same].mean()), 5),
    }


def draw_thresholds(
    pairs: LabeledPairs, rate: float, each: int, draws: int, seed: int
) -> dict[str, object]:
    """Choose the threshold from draws of ``each`` pairs of both kinds, and from all pairs.

    Returns:
        Threshold and rate of false matches among all pairs, for every draw.

    Raises:
        InvalidInputError: there are fewer pairs of a kind.
    """
    random = np.random.default_rng(seed)
    same, different = np.flatnonzero(pairs.same), np.flatnonzero(~pairs.same)
    if each > min(len(same), len(different)):
        raise InvalidInputError(f"{each} pairs of each kind: the dataset has fewer. Draw fewer.")
    thresholds, rates = [], []
    for _ in range(draws):
        rows = np.concatenate([random.choice(kind, each, False) for kind in (same, different)])
        threshold = _threshold(pairs.distances[rows], pairs.identities[rows], rate)
        thresholds.append(round(threshold, 5))
        accepted = pairs.distances[different] <= np.float32(threshold)
        rates.append(round(float(accepted.mean()), 5))
    every = round(_threshold(pairs.distances, pairs.identities, rate), 5)
    return {
        "rate": rate,
        "pairs_of_each_kind": each,
        "all_pairs_threshold": every,
        "thresholds": thresholds,
        "false_match_rates": rates,
    }


def near_pairs(
    values: Values, labels: Labels, paths: Sequence[str], rate: float, count: int, seed: int
) -> dict[str, float]:
    """Label ``count`` pairs that the demo page proposes; return the threshold at a rate."""
    chosen: list[tuple[int, int]] = []
    with TemporaryDirectory() as folder:
        proposals = PairLabeling(Path(folder) / "pairs.csv", values, paths, seed=seed)
        while len(chosen) < count and (pair := proposals.propose()) is not None:
            first, second = pair
            proposals.label(pair, bool(labels.person_ids[first] == labels.person_ids[second]))
            chosen.append(pair)
    rows = np.array(chosen, np.int64)
    people = np.unique(labels.person_ids, return_inverse=True)[1].astype(np.int64)[rows]
    same = int((people[:, 0] == people[:, 1]).sum())
    threshold = _threshold(pair_distances(values, rows), people, rate)
    return {"rate": rate, "pairs": len(rows), "same_pairs": same, "threshold": round(threshold, 5)}


def compare_clusters(
    values: Values, labels: Labels, threshold: float, grid: Sequence[float]
) -> dict[str, object]:
    """Return the scores of images and tracklets at a threshold, and of images at others."""
    return {
        "shipped": cluster_measures(values, labels, threshold),
        "grid": [cluster_measures(values, labels, other) for other in grid],
        "tracklets": cluster_measures(values, labels, threshold, track_numbers(labels)),
    }


def cluster_measures(
    values: Values, labels: Labels, threshold: float, tracks: NDArray[np.int64] | None = None
) -> dict[str, object]:
    """Cluster images or tracklets by average linkage and score the clusters."""
    scores = score_clusters(cluster_features(values, threshold, tracks), labels.person_ids)
    return {
        "items": len(values) if tracks is None else len(np.unique(tracks)),
        "threshold": round(threshold, 5),
        "clusters": scores.clusters,
        "ari": round(scores.adjusted_rand_index, 4),
        "f1": round(scores.f1, 4),
        "precision": round(scores.precision, 4),
        "recall": round(scores.recall, 4),
    }


def search_rank1(
    query: tuple[Values, Labels], gallery: tuple[Values, Labels], expand: int, rerank: int
) -> dict[str, float]:
    """Return the rank-1 in percent, plain, with query expansion and with re-ranking.

    Gallery images of the query's identity and camera are left out.
    """
    (values, labels), (others, other_labels) = query, gallery
    groups = Groups(track_numbers(labels), track_numbers(other_labels))

    def rank1(found: NearestRows) -> float:
        right = other_labels.person_ids[found.rows[:, 0]] == labels.person_ids
        return round(100 * float(right.mean()), 3)

    plain = nearest_rows(values, others, max(expand, rerank), groups=groups)
    first = NearestRows(plain.rows[:, :expand], plain.distances[:, :expand])
    expanded = expand_queries(values, others, first, "cosine")
    near = NearestRows(plain.rows[:, :rerank], plain.distances[:, :rerank])
    return {
        "plain": rank1(plain),
        "expand_query": rank1(nearest_rows(expanded, others, 1, groups=groups)),
        "rerank": rank1(rerank_rows(values, others, near, 1, "cosine")),
    }


def track_numbers(labels: Labels) -> NDArray[np.int64]:
    """Number the pairs of identity and camera, (N,) int64."""
    cameras = np.zeros_like(labels.person_ids) if labels.camera_ids is None else labels.camera_ids
    return labels.person_ids * 1000 + cameras


def _threshold(distances: Values, identities: NDArray[np.int64], rate: float) -> float:
    pairs = LabeledPairs(distances, identities, 0, False, 0)
    return max(PairRoc(pairs).result().at_false_positive_rate(rate).threshold, 0.0)
