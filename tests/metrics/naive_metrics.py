"""Reference implementations with loops and full sorts in float64, independent of the package."""

import itertools
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from reid_align.metrics import Labels

Matrix = NDArray[np.float64]


def naive_distances(query: Matrix, gallery: Matrix, metric: str) -> Matrix:
    table = np.empty((len(query), len(gallery)))
    for i, a in enumerate(query.astype(np.float64)):
        for j, b in enumerate(gallery.astype(np.float64)):
            if metric == "euclidean":
                table[i, j] = np.linalg.norm(a - b)
            else:
                length = np.linalg.norm(a) * np.linalg.norm(b)
                table[i, j] = 1 - (a @ b / length if length else 0)
    return table


def is_excluded(query: Labels, i: int, gallery: Labels, j: int, cross_camera: bool) -> bool:
    if query.person_ids[i] < 0 or gallery.person_ids[j] < 0:
        return True
    if query.image_ids is not None and query.image_ids[i] == gallery.image_ids[j]:
        return True
    same_person = query.person_ids[i] == gallery.person_ids[j]
    if not (cross_camera and same_person):
        return False
    return bool(query.camera_ids[i] == gallery.camera_ids[j])


def ranked_lists(table: Matrix, query: Labels, gallery: Labels, cross_camera: bool) -> list:
    """Return for each query the list of (gallery image, same identity), nearest first."""
    lists = []
    for i in range(len(query)):
        kept = [
            (float(table[i, j]), j)
            for j in range(len(gallery))
            if not is_excluded(query, i, gallery, j, cross_camera)
        ]
        matches = [(j, bool(gallery.person_ids[j] == query.person_ids[i])) for _, j in sorted(kept)]
        lists.append(matches)
    return lists


def naive_average_precision(hits: list[bool], ap: str) -> float:
    """Compute AP along the ranked list, as the first evaluation code of Market-1501 does."""
    found, area, recall_before, precision_before = 0, 0.0, 0.0, 1.0
    for rank, hit in enumerate(hits, start=1):
        found += hit
        recall, precision = found / sum(hits), found / rank
        height = precision if ap == "mean" else (precision + precision_before) / 2
        area += (recall - recall_before) * height
        recall_before, precision_before = recall, precision
    return area


def naive_ranking(
    table: Matrix, query: Labels, gallery: Labels, cross_camera: bool, ap: str
) -> tuple[list[float], list[float], list[int]]:
    precisions, penalties, firsts = [], [], []
    for ranked in ranked_lists(table, query, gallery, cross_camera):
        hits = [hit for _, hit in ranked]
        ranks = [rank for rank, hit in enumerate(hits, start=1) if hit]
        precisions.append(naive_average_precision(hits, ap) if ranks else float("nan"))
        penalties.append(len(ranks) / ranks[-1] if ranks else float("nan"))
        firsts.append(ranks[0] if ranks else 0)
    return precisions, penalties, firsts


def naive_single_shot(
    table: Matrix, query: Labels, gallery: Labels, cross_camera: bool, max_rank: int
) -> Matrix:
    """Average over all galleries with one image per identity."""
    chances = np.full((len(query), max_rank), np.nan)
    for i, ranked in enumerate(ranked_lists(table, query, gallery, cross_camera)):
        images, own = defaultdict(list), set()
        for place, (j, hit) in enumerate(ranked):
            images[gallery.person_ids[j]].append(place)
            own |= {place} if hit else set()
        if not own:
            continue
        galleries = list(itertools.product(*images.values()))
        ranks = [sorted(g).index(next(iter(own & set(g)))) + 1 for g in galleries]
        for k in range(1, max_rank + 1):
            chances[i, k - 1] = sum(rank <= k for rank in ranks) / len(ranks)
    return chances


def naive_sampled_single_shot(
    table: Matrix, query: Labels, gallery: Labels, cross_camera: bool, max_rank: int, draws: int
) -> Matrix:
    """Average over random galleries with one image per identity, as the papers do."""
    random = np.random.default_rng(0)
    chances = np.full((len(query), max_rank), np.nan)
    for i, ranked in enumerate(ranked_lists(table, query, gallery, cross_camera)):
        images = defaultdict(list)
        for place, (j, _) in enumerate(ranked):
            images[gallery.person_ids[j]].append(place)
        if query.person_ids[i] not in images:
            continue
        ranks = []
        for _ in range(draws):
            drawn = {identity: random.choice(places) for identity, places in images.items()}
            own = drawn[query.person_ids[i]]
            ranks.append(sum(place <= own for place in drawn.values()))
        for k in range(1, max_rank + 1):
            chances[i, k - 1] = sum(rank <= k for rank in ranks) / draws
    return chances


def naive_pairs(
    table: Matrix, query: Labels, gallery: Labels, cross_camera: bool
) -> tuple[list[float], list[float]]:
    """Return the distances of all genuine and of all impostor pairs."""
    genuine, impostors = [], []
    for i, ranked in enumerate(ranked_lists(table, query, gallery, cross_camera)):
        for j, hit in ranked:
            (genuine if hit else impostors).append(float(table[i, j]))
    return genuine, impostors


def naive_rerank(
    query: Matrix, gallery: Matrix, metric: str, k1: int, k2: int, lambda_value: float
) -> Matrix:
    """Zhong et al., arXiv:1701.08398, with dense N×N matrices, following section 3 of the paper."""
    features = np.concatenate([query, gallery]).astype(np.float64)
    if metric == "cosine":
        norms = np.linalg.norm(features, axis=1, keepdims=True)
        features = features / np.where(norms > 0, norms, 1)
    count = len(features)
    squared = ((features[:, None] - features[None]) ** 2).sum(axis=2)
    farthest = squared.max(axis=1, keepdims=True)
    original = squared / np.where(farthest > 0, farthest, 1)
    # The image itself comes first, before its duplicates.
    ranking = np.argsort(squared - np.eye(count), axis=1, kind="stable")
    near = {k: [set(row[: k + 1].tolist()) for row in ranking] for k in (k1, round(k1 / 2))}

    def reciprocal(i: int, k: int) -> set[int]:
        return {j for j in near[k][i] if i in near[k][j]}

    encoded = np.zeros((count, count))
    for i in range(count):
        own = reciprocal(i, k1)
        expanded = set(own)
        for j in own:
            other = reciprocal(j, round(k1 / 2))
            if len(other & own) > 2 / 3 * len(other):
                expanded |= other
        for j in expanded:
            encoded[i, j] = np.exp(-original[i, j])
        encoded[i] /= encoded[i].sum() if expanded else 1
    encoded = np.stack([encoded[ranking[i, :k2]].mean(axis=0) for i in range(count)])
    final = np.empty((len(query), len(gallery)))
    for i in range(len(query)):
        for j in range(len(gallery)):
            pair = encoded[[i, len(query) + j]]
            jaccard = 1 - pair.min(axis=0).sum() / pair.max(axis=0).sum() if pair.any() else 1
            final[i, j] = (1 - lambda_value) * jaccard + lambda_value * original[i, len(query) + j]
    return final
