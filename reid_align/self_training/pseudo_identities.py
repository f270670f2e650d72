"""Groups of images that probably show one identity."""

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import MissingExtraError
from reid_align.features.camera_normalization import normalize_by_camera
from reid_align.metrics.jaccard_pairs import jaccard_pairs

NO_GROUP = -1


def pseudo_identities(
    features: NDArray[np.float32],
    camera_ids: NDArray[np.int64] | None,
    distance: float,
    min_images: int,
    neighbors: int,
) -> NDArray[np.int64]:
    """Group images by DBSCAN on the Jaccard distance of their k-reciprocal neighbors.

    Args:
        features: (N, D) float32.
        camera_ids: (N,) int64, to whiten the features camera by camera first; None if unknown.
        distance: largest Jaccard distance of neighbors, below 1.
        min_images: an image with as many neighbors, itself included, is inside a group.
        neighbors: number of nearest images that the Jaccard distance compares.

    Returns:
        Group of each image, (N,) int64, from 0; -1 for an image in no group.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        InvalidInputError: features that are not finite.

    Source: DBSCAN on this distance is common practice, for instance arXiv:2006.02713 (SpCL).
    """
    try:
        from scipy.sparse import csr_matrix
        from sklearn.cluster import DBSCAN
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "cluster", "Self-training") from error
    count = len(features)
    if not count:
        return np.empty(0, np.int64)
    if camera_ids is not None:
        features = normalize_by_camera(features, camera_ids)
    pairs = jaccard_pairs(features, distance, neighbors)
    near = csr_matrix((pairs.distances, (pairs.rows, pairs.columns)), shape=(count, count))
    found = DBSCAN(eps=distance, min_samples=min_images, metric="precomputed").fit_predict(near)
    return np.asarray(found, np.int64)
