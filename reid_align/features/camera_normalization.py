"""Camera normalization: whitens features camera by camera."""

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features.whitening import whitened
from reid_align.metrics.distance import feature_norms
from reid_align.metrics.matrix_products import FeatureMatrix


def normalize_by_camera(features: FeatureMatrix, camera_ids: NDArray[np.int64]) -> FeatureMatrix:
    """Whiten features separately for each camera.

    Subtracts the camera's mean from each vector, whitens with the camera's covariance and scales
    to length 1 (see `whitening.whitened`). Identities are not used. The result for one image
    depends on all others: pass queries and gallery together, each image once, without junk.

    Images of a camera with a single image use the mean and covariance of all images. Estimates
    from a few images per camera are poor.

    Args:
        features: (N, D) float32, normalized or not; N may be 0.
        camera_ids: (N,) int64.

    Returns:
        (N, D) float32, rows of length 1, or all zeros (for example for a single image).

    Raises:
        InvalidInputError: invalid features, or not one camera id per row.
    """
    feature_norms(features, features)
    if camera_ids.dtype != np.int64 or camera_ids.shape != features.shape[:1]:
        raise InvalidInputError(
            f"camera_ids has dtype {camera_ids.dtype} and shape {camera_ids.shape} for "
            f"{len(features)} feature vectors. Give one int64 number for each."
        )
    result = np.zeros_like(features)
    _, camera, counts = np.unique(camera_ids, return_inverse=True, return_counts=True)
    for number in np.flatnonzero(counts > 1):
        rows = np.flatnonzero(camera == number)
        result[rows] = whitened(features[rows])
    alone = np.flatnonzero(counts[camera] == 1)
    if alone.size:
        result[alone] = whitened(features)[alone]
    return result
