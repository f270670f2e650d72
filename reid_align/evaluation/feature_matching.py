"""Match the rows of extracted features with the images of a split."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reid_align.datasets import ImageRecord, Split
from reid_align.errors import DatasetFormatError, InvalidInputError
from reid_align.features import Features
from reid_align.features.camera_normalization import normalize_by_camera
from reid_align.metrics import Labels


@dataclass(frozen=True, eq=False)
class LabeledFeatures:
    """Records, features and labels of the queries, or of the gallery, of one split.

    Attributes:
        records: N images.
        features: (N, D) float32, one row per image.
        labels: labels; an image that is both query and gallery image has one image id.
    """

    records: tuple[ImageRecord, ...]
    features: NDArray[np.float32]
    labels: Labels


def rows_by_path(features: Features) -> dict[str, int]:
    """Map the absolute path of each image to its row."""
    return {os.path.abspath(path): row for row, path in enumerate(features.paths)}


def match_features(
    split: Split, features: Features, rows: Mapping[str, int]
) -> tuple[LabeledFeatures, LabeledFeatures]:
    """Select the features of a split: the queries, and the gallery without junk.

    Args:
        split: split with query and gallery images.
        features: features with a row for each of these images.
        rows: from `rows_by_path`.

    Raises:
        InvalidInputError: images without features.
        DatasetFormatError: only some images have a camera id.
    """
    # Re-ranking uses neighbors among all images, so junk must be removed before.
    gallery = tuple(record for record in split.gallery if record.person_id >= 0)
    cameras = {record.camera_id is not None for record in (*split.query, *gallery)}
    if len(cameras) > 1:
        raise DatasetFormatError(
            f"Split {split.name!r}: some images have a camera id and some do not. Give a camera id "
            "to all images or to none."
        )
    values = features.values
    return _side(split.query, rows, values), _side(gallery, rows, values)


def normalize_cameras(
    query: LabeledFeatures, gallery: LabeledFeatures
) -> tuple[LabeledFeatures, LabeledFeatures]:
    """Whiten queries and gallery together, camera by camera; needs camera ids.

    An image on both sides counts once.
    """
    features = np.concatenate([query.features, gallery.features])
    cameras = _joined(query.labels.camera_ids, gallery.labels.camera_ids)
    images = _joined(query.labels.image_ids, gallery.labels.image_ids)
    _, first, place = np.unique(images, return_index=True, return_inverse=True)
    values = normalize_by_camera(features[first], cameras[first])[place]
    count = len(query.features)
    return replace(query, features=values[:count]), replace(gallery, features=values[count:])


def _joined(*parts: NDArray[np.int64] | None) -> NDArray[np.int64]:
    return np.concatenate([part for part in parts if part is not None] or [_integers([])])


def _side(
    records: tuple[ImageRecord, ...], rows: Mapping[str, int], values: NDArray[np.float32]
) -> LabeledFeatures:
    paths = [os.path.abspath(record.path) for record in records]
    missing = [path for path in paths if path not in rows]
    if missing:
        raise InvalidInputError(
            f"{len(missing)} of {len(records)} images have no features (first: {missing[0]}). "
            "Extract features of the whole dataset folder. If its path was relative, evaluate from "
            "the same working directory."
        )
    image_ids = _integers([rows[path] for path in paths])
    person_ids = _integers([record.person_id for record in records])
    cameras = [record.camera_id for record in records if record.camera_id is not None]
    camera_ids = _integers(cameras) if len(cameras) == len(records) else None
    return LabeledFeatures(records, values[image_ids], Labels(person_ids, camera_ids, image_ids))


def _integers(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, np.int64)
