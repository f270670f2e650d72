"""Groups of similar identities, for batches with hard negatives.

Source: graph sampling, arXiv:2104.01546, which takes the nearest identities of one; drawing among
the nearest ones of several, and a fixed encoder, are ours.
"""

import numpy as np
from numpy.typing import NDArray

from reid_align.batches.pk_sampling import Indices

# Nearest identities that are kept of each; few of them have images from the cameras of a batch.
KEPT = 512
# Each similar identity is drawn among so many times as many nearest ones.
CHOICE = 3
# Rows of the similarity matrix that are computed at once.
BLOCK = 1024


def nearest_identities(features: NDArray[np.float32]) -> Indices:
    """Return the identities with the most similar features of each identity, best first.

    Args:
        features: (C, D) float32, of length 1.

    Returns:
        (C, M) int64, M = min(C - 1, 512). Ties are in the order of the identities.
    """
    count = len(features)
    kept = min(count - 1, KEPT)
    nearest = np.empty((count, max(kept, 0)), np.int64)
    for start in range(0, count, BLOCK):
        rows = slice(start, min(start + BLOCK, count))
        similarity = features[rows] @ features.T
        similarity[np.arange(rows.stop - start), np.arange(start, rows.stop)] = -np.inf
        nearest[rows] = np.argsort(-similarity, axis=1, kind="stable")[:, : nearest.shape[1]]
    return nearest


def draw_similar(
    eligible: Indices, nearest: Indices, count: int, size: int, rng: np.random.Generator
) -> Indices:
    """Draw distinct identities in groups: a random one, and others among its nearest ones.

    Args:
        eligible: (E,) identities to draw from, at least ``count``.
        nearest: from `nearest_identities`.
        count: number of identities.
        size: identities of a group. The last group may be smaller, and a random identity takes the
            place of each missing similar one.
        rng: random numbers.

    Returns:
        (count,) int64, group by group.
    """
    free = np.zeros(len(nearest), bool)
    free[eligible] = True
    chosen: list[int] = []
    while len(chosen) < count:
        first = int(rng.choice(np.flatnonzero(free)))
        free[first] = False
        wanted = min(size, count - len(chosen)) - 1
        near = nearest[first]
        near = near[free[near]][: CHOICE * wanted]
        others = rng.choice(near, min(wanted, len(near)), replace=False)
        free[others] = False
        chosen += [first, *others.tolist()]
    return np.array(chosen, np.int64)
