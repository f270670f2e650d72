"""Agreement of clusters with known identities."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError, MissingExtraError


@dataclass(frozen=True)
class ClusterScores:
    """Agreement of clusters and identities; all rates are in [0, 1].

    Attributes:
        images: number of labeled images.
        identities: number of identities.
        clusters: number of clusters with labeled images.
        adjusted_rand_index: ARI: 1 for equal groups, about 0 for random ones.
        precision: share of the image pairs of a cluster that have one identity; 1 without a pair.
        recall: share of the image pairs of an identity that are in one cluster; 1 without a pair.
    """

    images: int
    identities: int
    clusters: int
    adjusted_rand_index: float
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Pairwise F1: harmonic mean of precision and recall; 0 if both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def score_clusters(clusters: NDArray[np.int64], person_ids: NDArray[np.int64]) -> ClusterScores:
    """Compare clusters with identities.

    Args:
        clusters: cluster of each image, (N,) int64.
        person_ids: identity of each image, (N,) int64; negative ids are left out.

    Raises:
        InvalidInputError: the lengths differ, or no image has an identity.
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn.metrics import adjusted_rand_score
        from sklearn.metrics.cluster import pair_confusion_matrix
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "cluster", "Scoring clusters") from error
    if len(clusters) != len(person_ids):
        raise InvalidInputError(f"Got {len(clusters)} clusters and {len(person_ids)} identities.")
    labeled = person_ids >= 0
    found, truth = clusters[labeled], person_ids[labeled]
    if not len(found):
        raise InvalidInputError("No image has an identity to compare the clusters with.")
    (_, wrong), (missed, right) = pair_confusion_matrix(truth, found).astype(float)
    return ClusterScores(
        len(found),
        len(np.unique(truth)),
        len(np.unique(found)),
        float(adjusted_rand_score(truth, found)),
        float(right / (right + wrong)) if right + wrong else 1.0,
        float(right / (right + missed)) if right + missed else 1.0,
    )
