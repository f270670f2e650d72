"""Training persons held back, to validate on while the test persons stay unseen."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from reid_align.datasets.base import ImageRecord, ReidDataset, Split
from reid_align.errors import InvalidInputError


def hold_out(
    dataset: ReidDataset, identities: int, seed: int = 0
) -> tuple[ReidDataset, ReidDataset]:
    """Split the training persons of a dataset into those to train on and those to validate on.

    The validation set is built as the new protocol of CUHK03 is: of each person and camera the
    first image is a query, the others are the gallery. A image that is the only one from its
    camera goes to the gallery, so that every query has a match from another camera. Where cameras
    are not known, a person's first image is the query.

    Args:
        dataset: with training images.
        identities: how many persons to hold back. Only those are drawn who can be found again:
            seen by two cameras, or in two images if the cameras are not known.
        seed: of the draw; the same seed holds back the same persons.

    Returns:
        The dataset without their training images, and a dataset with the one split "val".

    Raises:
        InvalidInputError: fewer than one identity, or so many that none is left to train on.
    """
    persons: dict[int, list[ImageRecord]] = defaultdict(list)
    for record in dataset.train:
        if record.person_id >= 0:
            persons[record.person_id].append(record)
    eligible = [person for person, records in sorted(persons.items()) if _can_be_found(records)]
    if not 1 <= identities <= min(len(eligible), len(persons) - 1):
        raise InvalidInputError(
            f"{identities} identities held back of the {len(persons)} to train on in "
            f"{dataset.name}, of whom {len(eligible)} are seen by two cameras: hold back at least "
            "1, and leave at least 1."
        )
    held = set(np.random.default_rng(seed).permutation(eligible)[:identities].tolist())
    query = {record.path for person in held for record in _queries(persons[person])}
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


def _can_be_found(records: Sequence[ImageRecord]) -> bool:
    cameras = {record.camera_id for record in records}
    return len(records) > 1 if cameras == {None} else len(cameras) > 1


def _queries(records: Sequence[ImageRecord]) -> Iterable[ImageRecord]:
    by_camera: dict[int | None, list[ImageRecord]] = defaultdict(list)
    for record in records:
        by_camera[record.camera_id].append(record)
    first = [group[0] for group in by_camera.values() if len(group) > 1]
    return first or records[:1]
