"""Helpers of the gallery tests: small features, and a naive search in NumPy."""

from collections.abc import Sequence

import numpy as np

from reid_align.features import Features

DIGEST = "weights:aaaa,preprocess:bbbb,adapted:0,flip:no,normalized:yes"


def random_features(
    count: int, feature_dim: int = 8, *, seed: int = 0, name: str = "p", digest: str = DIGEST
) -> Features:
    values = np.random.default_rng(seed).standard_normal((count, feature_dim), np.float32)
    return Features(values, tuple(f"{name}{row}" for row in range(count)), (), digest)


def naive_nearest(
    features: Features, query: np.ndarray, k: int, rows: Sequence[int] | None = None
) -> list[tuple[str, float]]:
    """Return path and cosine distance of the k nearest rows, in plain float64 loops."""
    found = []
    for row in range(len(features.paths)) if rows is None else rows:
        one, two = query.astype(float), features.values[row].astype(float)
        cosine = sum(a * b for a, b in zip(one, two, strict=True)) / (
            sum(a * a for a in one) ** 0.5 * sum(b * b for b in two) ** 0.5
        )
        found.append((1 - cosine, row))
    return [(features.paths[row], distance) for distance, row in sorted(found)[:k]]
