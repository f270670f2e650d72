"""Multiple-query evaluation: one feature for all query images of an identity in one camera.

Source: Zheng et al., Scalable Person Re-identification: A Benchmark, ICCV 2015, which reports mean
and maximum pooling. Later papers report mean pooling.
"""

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.metrics.labels import Labels

Pooling = Literal["mean", "max"]


class PooledQueries(NamedTuple):
    """Q pooled queries, in the order of their first images.

    Attributes:
        features: (Q, D) float32.
        labels: identity and camera of each query; no image ids.
        first: (Q,) index of the first image of each query.
        images: (Q,) number of images of each query.
    """

    features: NDArray[np.float32]
    labels: Labels
    first: NDArray[np.int64]
    images: NDArray[np.int64]


def pool_queries(
    features: NDArray[np.float32], labels: Labels, pooling: Pooling = "mean"
) -> PooledQueries:
    """Pool the features of all query images with the same identity and camera.

    Scale the features to length 1 before; the pooled features are not scaled.

    Args:
        features: (N, D) features of the query images.
        labels: labels with camera ids.
        pooling: mean, or maximum of each dimension.

    Raises:
        InvalidInputError: no camera ids, numbers of features and labels that differ, or an unknown
            pooling.
    """
    if pooling not in get_args(Pooling):
        raise InvalidInputError(
            f"Unknown pooling {pooling!r}. Choose one of {', '.join(get_args(Pooling))}."
        )
    if labels.camera_ids is None or len(features) != len(labels):
        raise InvalidInputError(
            f"Multiple-query evaluation needs a person id and a camera id for each of the "
            f"{len(features)} query images. Pass camera_ids in the Labels of the queries."
        )
    pairs = np.stack((labels.person_ids, labels.camera_ids), axis=1)
    _, first, group, images = np.unique(
        pairs, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    place = np.argsort(order)[group.reshape(-1)]
    first, images = first[order], images[order]
    if pooling == "max":
        pooled = np.full((len(first), features.shape[1]), -np.inf)
        np.maximum.at(pooled, place, features)
    else:
        pooled = np.zeros((len(first), features.shape[1]))
        np.add.at(pooled, place, features)
        pooled /= images[:, None]
    query_labels = Labels(labels.person_ids[first], labels.camera_ids[first])
    return PooledQueries(pooled.astype(np.float32), query_labels, first, images)
