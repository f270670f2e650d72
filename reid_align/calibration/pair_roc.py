"""ROC of labeled pairs, with a weight for each identity."""

import numpy as np
from numpy.typing import NDArray

from reid_align.calibration.labeled_pairs import LabeledPairs
from reid_align.metrics import Protocol, VerificationResult

_PROTOCOL = Protocol("labeled_pairs", drop_same_camera=False)


class PairRoc:
    """Sorted pairs, which give the ROC for any weights of the identities.

    Args:
        pairs: the labeled pairs.

    Attributes:
        num_identities: number of identities, I.
    """

    def __init__(self, pairs: LabeledPairs) -> None:
        order = np.argsort(pairs.distances, kind="stable")
        same = pairs.same[order]
        genuine, impostors = pairs.distances[order[same]], pairs.distances[order[~same]]
        self.num_identities = int(pairs.identities.max(initial=-1)) + 1
        self._genuine_identity = pairs.identities[order[same], 0]
        self._impostor_identities = pairs.identities[order[~same]].T
        self._thresholds = np.unique(genuine)
        self._genuine_ends = genuine.searchsorted(self._thresholds, side="right")
        self._below_ends = impostors.searchsorted(self._thresholds)
        self._accepted_ends = impostors.searchsorted(self._thresholds, side="right")

    def result(self, weights: NDArray[np.int64] | None = None) -> VerificationResult:
        """Compute the ROC.

        Args:
            weights: how often each identity counts, (I,) int64; default: once. A pair of one
                identity counts as often as the identity, a pair of two identities as often as the
                product.
        """
        if weights is None:
            weights = np.ones(self.num_identities, np.int64)
        genuine = _sums(weights[self._genuine_identity])
        first, second = self._impostor_identities
        impostors = _sums(weights[first] * weights[second])
        return VerificationResult(
            self._thresholds,
            genuine[self._genuine_ends],
            impostors[self._accepted_ends],
            impostors[self._below_ends],
            int(genuine[-1]),
            int(impostors[-1]),
            _PROTOCOL,
        )


def _sums(weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sums of the first 0, 1, 2, … weights."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(weights, dtype=np.int64)])
