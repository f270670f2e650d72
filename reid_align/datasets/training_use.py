"""Custom data without a split as training data."""

from dataclasses import replace

from reid_align.datasets.dataset_types import ReidDataset


def as_training_set(dataset: ReidDataset) -> ReidDataset:
    """Return a dataset without a split with all its images as training images.

    This is a CSV file without the column ``split``, or a folder without ``train/``, ``query/`` and
    ``gallery/``; it is loaded for a test in which every image is both query and gallery. Other
    datasets are returned unchanged.
    """
    if dataset.train or len(dataset.splits) != 1:
        return dataset
    split = dataset.splits[0]
    if split.query != split.gallery:
        return dataset
    return replace(dataset, train=split.gallery, splits=())
