"""Hold-out validation: a split of the training identities."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split
from reid_align.errors import InvalidInputError


def hold_out(
    dataset: ReidDataset, identities: int, seed: int = 0
) -> tuple[ReidDataset, ReidDataset]:
    """Split the training identities of a dataset into training and validation.

    The validation set follows the new protocol of CUHK03: the first image of each identity and
    camera is a query, the others form the gallery. The only image from a camera goes to the
    gallery, which gives every query a match from another camera. If cameras are unknown, the first
    image of an identity is the query.

    Args:
        dataset: dataset with training images.
        identities: number of identities to hold out, drawn from those with images from two cameras
            (with two images if cameras are unknown).
        seed: seed of the draw.

    Returns:
        The dataset without the held-out images, and a dataset with the single split "val".

    Raises:
        InvalidInputError: ``identities`` is below 1, or leaves none for training.
    """
    identity_records: dict[int, list[ImageRecord]] = defaultdict(list)
    for record in dataset.train:
        if record.person_id >= 0:
            identity_records[record.person_id].append(record)
    eligible = [
        person for person, records in sorted(identity_records.items()) if _has_match(records)
    ]
    if not 1 <= identities <= min(len(eligible), len(identity_records) - 1):
        raise InvalidInputError(
            f"{dataset.name}: cannot hold out {identities} of {len(identity_records)} training "
            f"identities; {len(eligible)} of them have images from two cameras. Hold out at "
            "least 1, and keep at least 1 for training."
        )
    held = set(np.random.default_rng(seed).permutation(eligible)[:identities].tolist())
    query = {record.path for person in held for record in _queries(identity_records[person])}
    kept = tuple(record for record in dataset.train if record.person_id not in held)
    back = [record for record in dataset.train if record.person_id in held]
    split = Split(
        "val",
        tuple(record for record in back if record.path in query),
        tuple(record for record in back if record.path not in query),
    )
    known = all(record.camera_id is not None for record in back)
    protocol = "cross_camera" if known else "all_images"
    return replace(dataset, train=kept), replace(
        dataset, train=(), splits=(split,), protocol=protocol
    )


def _has_match(records: Sequence[ImageRecord]) -> bool:
    cameras = {record.camera_id for record in records}
    return len(records) > 1 if cameras == {None} else len(cameras) > 1


def _queries(records: Sequence[ImageRecord]) -> Iterable[ImageRecord]:
    by_camera: dict[int | None, list[ImageRecord]] = defaultdict(list)
    for record in records:
        by_camera[record.camera_id].append(record)
    first = [group[0] for group in by_camera.values() if len(group) > 1]
    return first or records[:1]
