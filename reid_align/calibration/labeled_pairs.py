"""Image pairs labeled as same or different identity, with their cosine distances."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics import Labels
from reid_align.metrics.distance import feature_norms

# 32 MiB of float32 for 2,048-dimensional features.
_PAIRS_PER_BLOCK = 4096

Pairs = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LabeledPairs:
    """Distances and labels of P image pairs.

    Attributes:
        distances: cosine distances in [0, 2], (P,) float32.
        identities: identity of each of the two images, (P, 2) int64, numbered from 0.
        images: number of distinct images.
        cross_camera: whether same-identity pairs are from different cameras only.
        different_available: number of pairs of different identities before drawing.
    """

    distances: NDArray[np.float32]
    identities: Pairs
    images: int
    cross_camera: bool
    different_available: int

    @property
    def same(self) -> NDArray[np.bool_]:
        """Whether the two images of each pair have the same identity, (P,)."""
        return np.equal(self.identities[:, 0], self.identities[:, 1])


def pairs_of_images(
    features: NDArray[np.float32], labels: Labels, *, limit: int = 1_000_000, seed: int = 0
) -> LabeledPairs:
    """Pair images with known identities.

    Pairs of one identity are from different cameras if cameras are known. Junk is left out. Uses
    all pairs if there are at most ``limit`` of a kind, else draws ``limit`` of them.

    Args:
        features: (N, D) float32.
        labels: labels of the N images.
        limit: largest number of pairs of each kind, at least 1.
        seed: seed of the draw.

    Raises:
        InvalidInputError: features that are not finite, or another number of labels.
    """
    if len(features) != len(labels):
        raise InvalidInputError(f"Got {len(features)} features and {len(labels)} labels.")
    kept = np.flatnonzero(labels.person_ids >= 0)
    _, people = np.unique(labels.person_ids[kept], return_inverse=True)
    random = np.random.default_rng(seed)
    order = np.argsort(people, kind="stable")
    sizes = np.bincount(people) if len(people) else np.zeros(0, np.int64)
    same = order[_pairs_within(sizes, limit, random)]
    cameras = None if labels.camera_ids is None else labels.camera_ids[kept]
    if cameras is not None:
        same = same[cameras[same[:, 0]] != cameras[same[:, 1]]]
    drawn = _pairs_within(np.array([len(kept)]), limit, random)
    different = drawn[people[drawn[:, 0]] != people[drawn[:, 1]]]
    pairs = np.concatenate([same, different])
    available = (len(kept) ** 2 - int((sizes**2).sum())) // 2
    return LabeledPairs(
        pair_distances(features, kept[pairs]),
        people[pairs],
        len(kept),
        cameras is not None,
        available,
    )


def available_pairs(labels: Labels) -> tuple[int, int]:
    """Count the pairs that `pairs_of_images` can draw: of one identity, and of different ones."""
    kept = labels.person_ids >= 0
    sizes = np.unique(labels.person_ids[kept], return_counts=True)[1]
    different = (int(kept.sum()) ** 2 - int((sizes**2).sum())) // 2
    same = int((sizes * (sizes - 1)).sum()) // 2
    if labels.camera_ids is not None:
        seen = np.stack([labels.person_ids[kept], labels.camera_ids[kept]])
        shared = np.unique(seen, axis=1, return_counts=True)[1]
        same -= int((shared * (shared - 1)).sum()) // 2
    return same, different


def pair_distances(features: NDArray[np.float32], pairs: Pairs) -> NDArray[np.float32]:
    """Compute the cosine distance of each pair of rows, (P,) float32.

    Args:
        features: (N, D) float32.
        pairs: rows of the two images, (P, 2).

    Raises:
        InvalidInputError: features that are not finite.
    """
    norms, _ = feature_norms(features, features)
    # As in `distance_blocks`, a zero vector has distance 1 to every vector.
    scales = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)
    distances = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), _PAIRS_PER_BLOCK):
        first, second = pairs[start : start + _PAIRS_PER_BLOCK].T
        products = np.einsum("ij,ij->i", features[first], features[second])
        distances[start : start + len(first)] = 1 - products * scales[first] * scales[second]
    return distances.clip(0, 2)


def _pairs_within(sizes: Pairs, limit: int, random: np.random.Generator) -> Pairs:
    """Return pairs (i, j), i < j, of positions within groups that follow each other, (P, 2)."""
    ends = np.cumsum(sizes * (sizes - 1) // 2)
    total = int(ends[-1]) if len(ends) else 0
    if total <= limit:
        chosen = np.arange(total)
    else:
        chosen = np.sort(random.choice(total, limit, replace=False, shuffle=False))
    groups = np.searchsorted(ends, chosen, side="right")
    within = chosen - (ends - sizes * (sizes - 1) // 2)[groups]
    # Pair number k of a group is row j of a triangle with rows of 1, 2, 3, … pairs.
    second = ((1 + np.sqrt(1 + 8 * within.astype(np.float64))) / 2).astype(np.int64)
    second -= second * (second - 1) // 2 > within
    second += second * (second + 1) // 2 <= within
    first = within - second * (second - 1) // 2
    starts = (np.cumsum(sizes) - sizes)[groups]
    return np.stack([starts + first, starts + second], axis=1)
