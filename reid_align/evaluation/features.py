"""The features of a dataset's images, and which row is whose."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from reid_align.datasets import ImageRecord, ReidDataset, Split, read_image
from reid_align.errors import DatasetFormatError, InvalidInputError
from reid_align.features import (
    Adaptation,
    ExtractOptions,
    Features,
    NamedImage,
    adapt_to,
    gather_features,
)
from reid_align.features.camera_normalization import normalize_by_camera
from reid_align.metrics import Labels
from reid_align.models.encoder import Encoder


def dataset_features(
    dataset: ReidDataset, encoder: Encoder, options: ExtractOptions, *, progress: bool = False
) -> Features:
    """Extract the features of all query and gallery images of a dataset, each image once.

    Args:
        dataset: what to evaluate on.
        encoder: the encoder.
        options: how to extract.
        progress: show a bar with rate and time left on standard error, if that is a terminal.

    Raises:
        ImageReadError: a image cannot be read and ``options.on_error`` is "fail".
    """
    with tqdm(_paths(dataset), unit="image", disable=None if progress else True) as bar:
        return gather_features((StoredImage(path, path) for path in bar), encoder, options)


def adapt_to_dataset(
    dataset: ReidDataset,
    encoder: Encoder,
    adaptation: Adaptation,
    options: ExtractOptions,
    *,
    progress: bool = False,
) -> Encoder:
    """Return a copy of an encoder that is used to the query and gallery images of a dataset.

    Each image of any split may be drawn once; who is on it is not looked at. See `adapt_norms`.

    Args:
        dataset: what to evaluate on.
        encoder: the encoder; it is left as it is.
        adaptation: how many images are drawn, and how.
        options: how to extract.
        progress: show a bar on standard error, if that is a terminal.

    Raises:
        ImageReadError: a image cannot be read and ``options.on_error`` is "fail".
        InvalidInputError: fewer than 32 images can be read.
    """
    paths = _paths(dataset)
    drawn = adaptation.draw((StoredImage(path, path) for path in paths), len(paths))
    return adapt_to(drawn, encoder, adaptation, options, progress=progress)


class StoredImage(NamedImage):
    """A image that may lie in a shard."""

    def decode(self) -> NDArray[np.uint8]:
        """Return (H, W, 3) uint8 RGB, or raise ImageReadError with the name."""
        return read_image(self.name)


def _paths(dataset: ReidDataset) -> list[str]:
    """Return the images of all splits' queries and galleries, each once."""
    return sorted({record.path for split in dataset.splits for record in _records(split)})


def _records(split: Split) -> Iterator[ImageRecord]:
    yield from split.query
    yield from split.gallery


@dataclass(frozen=True, eq=False)
class Side:
    """The queries, or the gallery, of one split.

    Attributes:
        records: N images.
        features: (N, D) float32, a row for each.
        labels: who is on them; a image that stands on both sides has the same image id there.
    """

    records: tuple[ImageRecord, ...]
    features: NDArray[np.float32]
    labels: Labels


def rows_by_path(features: Features) -> dict[str, int]:
    """Return the row of every image, by its absolute path."""
    return {os.path.abspath(path): row for row, path in enumerate(features.paths)}


def match_features(split: Split, features: Features, rows: Mapping[str, int]) -> tuple[Side, Side]:
    """Find the rows of a split's images: the queries and the gallery without junk.

    Args:
        split: the split.
        features: with a row for each of its images.
        rows: from `rows_by_path`.

    Raises:
        InvalidInputError: images without features.
        DatasetFormatError: only some images state their camera.
    """
    # Junk counts for nobody; re-ranking, which looks at everybody's neighbors, must not see it.
    gallery = tuple(record for record in split.gallery if record.person_id >= 0)
    cameras = {record.camera_id is not None for record in (*split.query, *gallery)}
    if len(cameras) > 1:
        raise DatasetFormatError(
            f"Split {split.name!r}: some images state their camera and some do not. State all, or "
            "none."
        )
    values = features.values
    return _side(split.query, rows, values), _side(gallery, rows, values)


def normalize_cameras(query: Side, gallery: Side) -> tuple[Side, Side]:
    """Whiten both sides of a split, whose cameras are known, together and camera by camera.

    A image that stands on both sides counts once.
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
) -> Side:
    paths = [os.path.abspath(record.path) for record in records]
    missing = [path for path in paths if path not in rows]
    if missing:
        raise InvalidInputError(
            f"{len(missing)} of {len(records)} images have no features, the first is {missing[0]}. "
            "Extract the dataset's whole folder, and evaluate from the same current folder if its "
            "path was given relative to it."
        )
    image_ids = _integers([rows[path] for path in paths])
    person_ids = _integers([record.person_id for record in records])
    cameras = [record.camera_id for record in records if record.camera_id is not None]
    camera_ids = _integers(cameras) if len(cameras) == len(records) else None
    return Side(records, values[image_ids], Labels(person_ids, camera_ids, image_ids))


def _integers(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, np.int64)
