"""Positions of images on a 2-D map of their features. Needs umap-learn (extra ``map``)."""

import warnings

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError, MissingExtraError

MIN_IMAGES = 5
NEIGHBORS = 15


def map_positions(
    features: NDArray[np.floating], seed: int = 0, neighbors: int = NEIGHBORS
) -> NDArray[np.float32]:
    """Place images on a plane with UMAP: images with similar features are close.

    Distances between far groups, the size of groups and the axes have no meaning.

    Args:
        features: (N, D), at least 5 rows, finite; compared by cosine distance.
        seed: the same seed gives the same map on the same machine.
        neighbors: number of neighbors that stay close, 2 or more; a small number shows small
            groups. At most N - 1 are used.

    Returns:
        (N, 2), each column scaled to [0, 1].

    Raises:
        InvalidInputError: fewer than 5 rows, another shape, NaN or infinity, or ``neighbors``
            below 2.
        MissingExtraError: umap-learn is not installed.

    Source: arXiv:1802.03426.
    """
    if features.ndim != 2 or len(features) < MIN_IMAGES:
        raise InvalidInputError(
            f"Got features of shape {features.shape}. A map needs at least {MIN_IMAGES} images."
        )
    if not np.isfinite(features).all():
        raise InvalidInputError("The features contain NaN or infinity. Extract them again.")
    if neighbors < 2:
        raise InvalidInputError(f"neighbors is {neighbors}. Give at least 2.")
    # umap-learn warns without TensorFlow, and about groups without a connection.
    with warnings.catch_warnings(action="ignore"):
        try:
            from umap import UMAP
        except ImportError as error:
            raise MissingExtraError("umap-learn", "map", "A 2-D map") from error
        positions = UMAP(
            n_neighbors=min(neighbors, len(features) - 1),
            min_dist=0.3,
            metric="cosine",
            init="random" if len(features) <= 2 * MIN_IMAGES else "spectral",
            random_state=seed,
            n_jobs=1,
        ).fit_transform(np.asarray(features, np.float32))
    low, high = positions.min(0), positions.max(0)
    scaled: NDArray[np.float32] = (positions - low) / np.maximum(high - low, 1e-12)
    return scaled.astype(np.float32)
