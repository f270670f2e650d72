"""Union of the training images of several datasets."""

import os
from collections.abc import Iterable, Sequence

from reid_align.datasets.dataset_types import ImageRecord, ReidDataset
from reid_align.errors import InvalidInputError


def join_datasets(datasets: Sequence[ReidDataset]) -> ReidDataset:
    """Return one training dataset with the training images of all datasets.

    Equal ids of different datasets are different identities and cameras: both are renumbered.
    Junk images (-1) and unknown cameras (None) stay as they are. The root is the common parent
    folder, and companion files are found below it.

    Args:
        datasets: at least one. A single dataset is returned unchanged.

    Raises:
        InvalidInputError: a dataset has no training images, or two contain the same image.
    """
    if len(datasets) == 1:
        return datasets[0]
    for dataset in datasets:
        if not dataset.train:
            raise InvalidInputError(
                f"{dataset.name} at {dataset.root} has no training images. Remove it, or use the "
                "options of the dataset to select training images."
            )
    _require_different_images(datasets)
    numbered = [(i, record) for i, dataset in enumerate(datasets) for record in dataset.train]
    person_ids = _renumber((i, record.person_id) for i, record in numbered if record.person_id >= 0)
    camera_ids = _renumber(
        (i, record.camera_id) for i, record in numbered if record.camera_id is not None
    )
    records = [
        ImageRecord(
            record.path,
            person_ids.get((i, record.person_id), -1),
            None if record.camera_id is None else camera_ids[i, record.camera_id],
        )
        for i, record in numbered
    ]
    return ReidDataset(
        "+".join(dataset.name for dataset in datasets),
        os.path.commonpath([dataset.root for dataset in datasets]),
        tuple(sorted(records, key=lambda record: record.path)),
        (),
        datasets[0].protocol,
    )


def _renumber(ids: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return consecutive numbers for the distinct pairs of dataset and id."""
    return {pair: number for number, pair in enumerate(sorted(set(ids)))}


def _require_different_images(datasets: Sequence[ReidDataset]) -> None:
    owner: dict[str, ReidDataset] = {}
    for dataset in datasets:
        for record in dataset.train:
            other = owner.setdefault(os.path.realpath(record.path), dataset)
            if other is not dataset:
                raise InvalidInputError(
                    f"{record.path!r} is in {other.name} and in {dataset.name}. Each image would "
                    "get two identities. Remove one of the datasets."
                )
