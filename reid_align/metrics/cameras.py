"""Features made comparable between cameras, from nothing but which camera took each picture."""

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics._products import Features
from reid_align.metrics.distance import feature_norms


def normalize_by_camera(features: Features, camera_ids: NDArray[np.int64]) -> Features:
    """Take out of features what all pictures of a camera share.

    From every feature vector the mean of its camera is subtracted; every dimension is divided by
    its standard deviation in that camera, and the vector is scaled to length 1. Who is on the
    pictures is not used. The result for one picture depends on all others: give queries and
    gallery together, each picture once, without junk.

    A dimension that is constant in a camera becomes 0 there. One picture alone says nothing about
    its camera: those of cameras with a single picture take mean and deviation of all pictures
    together. Means and deviations of a handful of pictures say little as well.

    Args:
        features: (N, D) float32, as the encoder gave them or of length 1; N may be 0.
        camera_ids: (N,) int64.

    Returns:
        (N, D) float32, rows of length 1; zeros where nothing is left, as of a single picture.

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
        result[rows] = _standardized(features[rows], features[rows])
    alone = np.flatnonzero(counts[camera] == 1)
    if alone.size:
        result[alone] = _standardized(features[alone], features)
    return result


def _standardized(rows: Features, population: Features) -> NDArray[np.float64]:
    """Standardise rows by mean and deviation of a population, and scale them to length 1."""
    # In float64 the mean of equal float32 numbers is that number, and their deviation exactly 0.
    deviation = population.std(axis=0, dtype=np.float64)
    centred: NDArray[np.float64] = rows - population.mean(axis=0, dtype=np.float64)
    np.divide(centred, deviation, out=centred, where=deviation > 0)
    centred[:, deviation == 0] = 0
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    np.divide(centred, lengths, out=centred, where=lengths > 0)
    return centred
