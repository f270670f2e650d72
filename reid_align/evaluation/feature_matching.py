"""Match the rows of extracted features with the images of a split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reid_align.datasets import ImageRecord, Split
from reid_align.errors import FailedImagesError, InvalidInputError, UnmatchedFeaturesError
from reid_align.evaluation.feature_paths import real_paths
from reid_align.evaluation.label_checks import check_cameras
from reid_align.features import Features
from reid_align.features.camera_normalization import normalize_by_camera
from reid_align.metrics import Labels, Protocol, pool_queries


@dataclass(frozen=True, eq=False)
class LabeledFeatures:
    """Records, features and labels of the queries, or of the gallery, of one split.

    Attributes:
        records: N images.
        features: (N, D) float32, one row per image.
        labels: labels; an image that is both query and gallery image has one image id. Pooled
            queries have no image ids.
    """

    records: tuple[ImageRecord, ...]
    features: NDArray[np.float32]
    labels: Labels


def rows_by_path(features: Features) -> dict[str, int]:
    """Map the absolute path of each image, without links, to its row."""
    return {path: row for row, path in enumerate(real_paths(features.paths))}


def match_features(
    split: Split, features: Features, rows: Mapping[str, int], *, normalize: bool = False
) -> tuple[LabeledFeatures, LabeledFeatures]:
    """Select the features of a split: the queries, and the gallery without junk.

    Args:
        split: split with query and gallery images.
        features: features with a row for each of these images.
        rows: from `rows_by_path`.
        normalize: scale each feature vector to length 1; zero vectors stay zero.

    Raises:
        InvalidInputError: images without features.
        DatasetFormatError: only some images have a camera id.
    """
    check_cameras(split)
    # Re-ranking uses neighbors among all images, so junk must be removed before.
    gallery = tuple(record for record in split.gallery if record.person_id >= 0)
    query, gallery_side = _side(split.query, rows, features), _side(gallery, rows, features)
    if not normalize:
        return query, gallery_side
    return _normalized(query), _normalized(gallery_side)


def without_failed(split: Split, features: Features, rows: Mapping[str, int]) -> Split:
    """Return the split without the images that have no features and are listed as failed."""
    failed = set(real_paths(image.path for image in features.failed)) - rows.keys()
    query, gallery = (
        tuple(
            record
            for record, path in zip(records, _real_paths(records), strict=True)
            if path not in failed
        )
        for records in (split.query, split.gallery)
    )
    return replace(split, query=query, gallery=gallery)


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


def pooled_queries(query: LabeledFeatures, protocol: Protocol) -> LabeledFeatures:
    """Pool the query images of an identity in one camera, if the protocol has multiple queries.

    Each pooled query has the record of its first image.
    """
    if protocol.query_pooling is None:
        return query
    pooled = pool_queries(query.features, query.labels, protocol.query_pooling)
    records = tuple(query.records[index] for index in pooled.first)
    return LabeledFeatures(records, pooled.features, pooled.labels)


def _joined(*parts: NDArray[np.int64] | None) -> NDArray[np.int64]:
    return np.concatenate([part for part in parts if part is not None] or [_integers([])])


def _normalized(side: LabeledFeatures) -> LabeledFeatures:
    norms = np.linalg.norm(side.features.astype(np.float64), axis=1, keepdims=True)
    scaled = side.features / np.where(norms > 0, norms, 1)
    return replace(side, features=scaled.astype(np.float32))


def _side(
    records: tuple[ImageRecord, ...], rows: Mapping[str, int], features: Features
) -> LabeledFeatures:
    paths = _real_paths(records)
    missing = [path for path in paths if path not in rows]
    if missing:
        raise _missing_error(missing, len(records), features)
    image_ids = _integers([rows[path] for path in paths])
    person_ids = _integers([record.person_id for record in records])
    cameras = [record.camera_id for record in records if record.camera_id is not None]
    camera_ids = _integers(cameras) if len(cameras) == len(records) else None
    groups = [record.group_id for record in records if record.group_id is not None]
    group_ids = _integers(groups) if len(groups) == len(records) else None
    values = features.values[image_ids].astype(np.float32, copy=False)
    return LabeledFeatures(records, values, Labels(person_ids, camera_ids, image_ids, group_ids))


def _missing_error(missing: Sequence[str], total: int, features: Features) -> InvalidInputError:
    reasons = [image.error for image in features.failed]
    failed = dict(zip(real_paths(image.path for image in features.failed), reasons, strict=True))
    listed = [path for path in missing if path in failed]
    if listed:
        return FailedImagesError(
            f"{len(listed)} of {total} images could not be read during the extraction and have no "
            f"features; they are listed under 'failed' (first: {listed[0]}: "
            f"{failed[listed[0]].rstrip('.')}). Fix these files and extract again, or leave them "
            "out (option skip_failed)."
        )
    return UnmatchedFeaturesError(
        f"{len(missing)} of {total} images have no features (first: {missing[0]}). Extract "
        "features of the whole dataset folder. If its path was relative, evaluate from the same "
        "working directory. If it has moved since, state its former folder (relocate_features)."
    )


def _real_paths(records: Sequence[ImageRecord]) -> list[str]:
    return real_paths(record.path for record in records)


def _integers(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, np.int64)
