"""Hold-out validation: a split of the training identities."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from warnings import warn

import numpy as np

from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split
from reid_align.errors import DatasetWarning, InvalidInputError


def hold_out(
    dataset: ReidDataset, identities: int, seed: int = 0
) -> tuple[ReidDataset, ReidDataset]:
    """Split the training identities of a dataset into training and validation.

    The validation set follows the new protocol of CUHK03: the first image of each identity and
    camera is a query, the others form the gallery. The only image from a camera goes to the
    gallery, which gives every query a match from another camera. If cameras are unknown or all
    images are from one camera, the first image of an identity is the query.

    Args:
        dataset: dataset with training images.
        identities: number of identities to hold out, drawn from those with images from two cameras
            (with two images if cameras are unknown or all images are from one camera).
        seed: seed of the draw.

    Returns:
        The dataset without the held-out images, and a dataset with the single split "val".

    Warns:
        DatasetWarning: all images are from one camera.

    Raises:
        InvalidInputError: ``identities`` is below 1, or leaves none for training.
    """
    identity_records: dict[int, list[ImageRecord]] = defaultdict(list)
    one_camera = _has_one_camera(dataset)
    for record in dataset.train:
        if record.person_id >= 0:
            identity_records[record.person_id].append(record)
    eligible = [
        person
        for person, records in sorted(identity_records.items())
        if _has_match(records, one_camera)
    ]
    if not 1 <= identities <= min(len(eligible), len(identity_records) - 1):
        raise InvalidInputError(
            f"{dataset.name}: cannot hold out {identities} of {len(identity_records)} training "
            f"identities; {len(eligible)} of them have {_needed(dataset)}. Hold out at "
            "least 1, and keep at least 1 for training."
        )
    held = set(np.random.default_rng(seed).permutation(eligible)[:identities].tolist())
    if one_camera:
        _warn_of_one_camera(dataset)
    query = {
        record.path for person in held for record in _queries(identity_records[person], one_camera)
    }
    kept = tuple(record for record in dataset.train if record.person_id not in held)
    back = [record for record in dataset.train if record.person_id in held]
    split = Split(
        "val",
        tuple(record for record in back if record.path in query),
        tuple(record for record in back if record.path not in query),
    )
    known = not one_camera and all(record.camera_id is not None for record in back)
    protocol = "cross_camera" if known else "all_images"
    return replace(dataset, train=kept), replace(
        dataset, train=(), splits=(split,), protocol=protocol
    )


def _has_one_camera(dataset: ReidDataset) -> bool:
    """Return whether all training images are from one camera, or all cameras are unknown."""
    return len({record.camera_id for record in dataset.train}) == 1


def _needed(dataset: ReidDataset) -> str:
    return "two images" if _has_one_camera(dataset) else "images from two cameras"


def _warn_of_one_camera(dataset: ReidDataset) -> None:
    if dataset.train[0].camera_id is not None:
        warn(
            f"{dataset.name}: all training images are from one camera. The scores compare images "
            "of this camera and do not show how well it matches other cameras.",
            DatasetWarning,
            stacklevel=3,
        )


def _has_match(records: Sequence[ImageRecord], one_camera: bool) -> bool:
    cameras = {record.camera_id for record in records}
    return len(records) > 1 if one_camera or cameras == {None} else len(cameras) > 1


def _queries(records: Sequence[ImageRecord], one_camera: bool) -> Iterable[ImageRecord]:
    if one_camera:
        return records[:1]
    by_camera: dict[int | None, list[ImageRecord]] = defaultdict(list)
    for record in records:
        by_camera[record.camera_id].append(record)
    first = [group[0] for group in by_camera.values() if len(group) > 1]
    return first or records[:1]
