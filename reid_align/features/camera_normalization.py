"""Features made comparable between cameras, from nothing but which camera took each image."""

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features.whitening import whitened
from reid_align.metrics._products import Features
from reid_align.metrics.distance import feature_norms


def normalize_by_camera(features: Features, camera_ids: NDArray[np.int64]) -> Features:
    """Take out of features what all images of a camera share.

    From every feature vector the mean of its camera is subtracted, the covariance within that
    camera is undone, and the vector is scaled to length 1, see `whitening.whitened`. Who is on the
    images is not used. The result for one image depends on all others: give queries and
    gallery together, each image once, without junk.

    One image alone says nothing about its camera: those of cameras with a single image take
    mean and covariance of all images together. A handful of images says little as well.

    Args:
        features: (N, D) float32, as the encoder gave them or of length 1; N may be 0.
        camera_ids: (N,) int64.

    Returns:
        (N, D) float32, rows of length 1; zeros where nothing is left, as of a single image.

    Raises:
        InvalidInputError: features as in distance_blocks, or not one camera id for each row.
    """
    feature_norms(features, features)
    if camera_ids.dtype != np.int64 or camera_ids.shape != features.shape[:1]:
        raise InvalidInputError(
            f"camera_ids of type {camera_ids.dtype} and shape {camera_ids.shape} beside "
            f"{len(features)} feature vectors: give one int64 number for each."
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
