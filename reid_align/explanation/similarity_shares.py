"""Decomposition of the cosine similarity of two images over pairs of positions."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize


@dataclass(frozen=True, eq=False)
class SimilarityShares:
    """Contributions of position pairs to the cosine similarity of two images.

    Attributes:
        pairs: (h, w, h, w) float64: share of position [i, j] of the first and [k, l] of the second
            image. The sum is the similarity; single shares may be negative.
        cosines: (h, w, h, w) float64 in [-1, 1]: cosine similarity of the two positions.
    """

    pairs: NDArray[np.float64]
    cosines: NDArray[np.float64]

    @property
    def similarity(self) -> float:
        """Cosine similarity of the two feature vectors, the sum of ``pairs``."""
        return float(self.pairs.sum())

    @property
    def first(self) -> NDArray[np.float64]:
        """Contribution of each position of the first image, (h, w)."""
        return np.asarray(self.pairs.sum((2, 3)))

    @property
    def second(self) -> NDArray[np.float64]:
        """Contribution of each position of the second image, (h, w)."""
        return np.asarray(self.pairs.sum((0, 1)))


def similarity_shares(first: Tensor, second: Tensor) -> SimilarityShares:
    """Split the cosine similarity of two images over all pairs of positions.

    The feature vectors are means over P positions, f = mean(a) and g = mean(b), so

        cos(f, g) = sum over all pairs of (a_i · b_j) / (P² ‖f‖ ‖g‖).

    The similarity to a zero vector is 0.

    Args:
        first: (h, w, D), one row of `PositionFeatures.values`.
        second: the same of the other image.
    """
    # On the CPU: MPS has no float64.
    one, two = (values.detach().cpu().double().flatten(0, 1) for values in (first, second))
    lengths = one.mean(0).norm() * two.mean(0).norm() * len(one) * len(two)
    pairs = one @ two.T / lengths.clamp(min=torch.finfo(torch.float64).tiny)
    cosines = normalize(one) @ normalize(two).T
    shape = (*first.shape[:2], *second.shape[:2])
    return SimilarityShares(_array(pairs, shape), _array(cosines, shape))


def _array(values: Tensor, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return values.numpy().reshape(shape)
