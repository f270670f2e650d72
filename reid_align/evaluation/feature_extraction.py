"""Feature extraction for the query and gallery images of a dataset."""

import numpy as np
from numpy.typing import NDArray

from reid_align.datasets import ReidDataset, read_image
from reid_align.features import (
    Adaptation,
    ExtractOptions,
    Features,
    NamedImage,
    adapt_to,
    extract_named_images,
)
from reid_align.models.encoder import Encoder
from reid_align.progress import Progress


def dataset_features(
    dataset: ReidDataset, encoder: Encoder, options: ExtractOptions, *, progress: bool = False
) -> Features:
    """Extract the features of all query and gallery images of a dataset, each image once.

    Args:
        dataset: dataset to evaluate.
        encoder: encoder.
        options: extraction options.
        progress: show the progress on standard error.

    Raises:
        ImageReadError: an image cannot be read and ``options.on_error`` is "fail".
    """
    paths = _image_paths(dataset)
    images = (StoredImage(path, path) for path in paths)
    with Progress(len(paths), visible=progress) as bar:
        return extract_named_images(images, encoder, options, bar)


def adapt_to_dataset(
    dataset: ReidDataset,
    encoder: Encoder,
    adaptation: Adaptation,
    options: ExtractOptions,
    *,
    progress: bool = False,
) -> Encoder:
    """Return a copy of the encoder with batch-norm statistics adapted to a dataset (AdaBN).

    Samples query and gallery images of all splits, without labels. See `adapt_norms`.

    Args:
        dataset: dataset to evaluate.
        encoder: encoder; it is not modified.
        adaptation: sampling of the images.
        options: extraction options.
        progress: show the progress on standard error.

    Raises:
        ImageReadError: an image cannot be read and ``options.on_error`` is "fail".
        InvalidInputError: fewer than 32 images can be read.
    """
    paths = _image_paths(dataset)
    sample = adaptation.draw((StoredImage(path, path) for path in paths), len(paths))
    return adapt_to(sample, encoder, adaptation, options, progress=progress)


class StoredImage(NamedImage):
    """Image in a file or in a shard of a synthetic dataset."""

    def decode(self) -> NDArray[np.uint8]:
        """Decode to (H, W, 3) uint8 RGB; raise ImageReadError with the name."""
        return read_image(self.name)


def _image_paths(dataset: ReidDataset) -> list[str]:
    """Return the distinct query and gallery images of all splits, sorted."""
    return sorted(
        {record.path for split in dataset.splits for record in (*split.query, *split.gallery)}
    )
