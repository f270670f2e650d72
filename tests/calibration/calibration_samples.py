"""Labeled pairs with known distances."""

import numpy as np
from numpy.typing import ArrayLike

from reid_align.calibration import LabeledPairs


def labeled_pairs(same: ArrayLike, different: ArrayLike) -> LabeledPairs:
    """Pairs with these distances; every pair of one identity has its own identity."""
    near, far = np.asarray(same, np.float32), np.asarray(different, np.float32)
    own = np.repeat(np.arange(len(near)), 2).reshape(-1, 2)
    others = len(near) + np.arange(2 * len(far)).reshape(-1, 2)
    return LabeledPairs(
        np.concatenate([near, far]),
        np.concatenate([own, others]).astype(np.int64),
        2 * (len(near) + len(far)),
        False,
        len(far),
    )


def normal_pairs(count: int = 4000, seed: int = 0) -> LabeledPairs:
    """Distances from two normal distributions: means 0.4 and 0.8, deviation 0.1."""
    random = np.random.default_rng(seed)
    near, far = random.normal(0.4, 0.1, count), random.normal(0.8, 0.1, count)
    return labeled_pairs(near.clip(0), far.clip(0))
