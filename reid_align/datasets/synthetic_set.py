"""Loader of synthetic sets, as ``python -m reid_align.synthesize`` writes them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from reid_align.datasets.dataset_files import absolute
from reid_align.datasets.dataset_registry import DatasetLoader, register
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split
from reid_align.datasets.folder_layout import find_layout
from reid_align.datasets.image_store import stored_names
from reid_align.errors import DatasetFormatError, InvalidInputError
from reid_align.shard_set import ROLES, SET_FILE, SPLITS, Role, ShardSet, SplitName

# Person id of images in paired sets, where one texture is on many bodies.
NO_IDENTITY = -1


class SyntheticSet:
    """Tables and file names of a synthetic set.

    Args:
        root: folder with ``set.json``.

    Attributes:
        folder: absolute path of the folder.
        settings: settings that the set was generated with.
        person_ids: (N,) int64 identity of each image; -1 in paired sets.
        camera_ids: (N,) int64.
        splits: (N,) index in `SPLITS`.
        roles: (N,) index in `ROLES`.
        people: (N,) int64 row of each image's person in the table "people".

    Raises:
        DatasetNotFoundError: ``root`` contains no set.
        DatasetFormatError: a shard is missing or damaged, or the tables and the settings do not
            match.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        folder = absolute(root)
        # Its error message is more detailed than that of `ShardSet`.
        find_layout("synthetic", folder, ((SET_FILE,),), advice="")
        self.folder = Path(folder)
        shards = ShardSet(self.folder)
        self.settings = shards.settings
        _check_settings(shards)
        people, image_people = (_numbers(shards, table, "person") for table in ("people", "images"))
        order = np.argsort(people, kind="stable")
        if np.unique(people).size < people.size or not np.isin(image_people, people).all():
            raise DatasetFormatError(
                f"{folder}: the identities of the images are not those of the table 'people'. "
                "Generate the set again."
            )
        self.people: NDArray[np.int64] = order[np.searchsorted(people[order], image_people)]
        self.person_ids = np.where(bool(self.settings["pit"]), NO_IDENTITY, image_people).astype(
            np.int64
        )
        self.camera_ids = _numbers(shards, "images", "camera").astype(np.int64)
        self.splits = _numbers(shards, "images", "split", len(SPLITS))
        self.roles = _numbers(shards, "images", "role", len(ROLES))
        self._shards = shards.shards

    def names(self, table: str, column: str) -> list[str]:
        """Return the names of all files of a column, in row order."""
        return [
            name
            for shard in self._shards
            for name in stored_names(shard.path, table, column, shard.length(table))
        ]


def _check_settings(shards: ShardSet) -> None:
    """Compare the settings with the number of rows.

    Raises:
        DatasetFormatError: they do not match, or "pit" is not a bool.
    """
    path, settings = shards.folder / SET_FILE, shards.settings
    if not isinstance(settings.get("pit"), bool):
        raise DatasetFormatError(
            f"{path}: settings.pit: expected true or false, got {settings.get('pit')!r}."
        )
    identities, images = settings.get("identities"), settings.get("images")
    found = shards.length("people"), shards.length("images")
    if type(identities) is not int or type(images) is not int:
        raise DatasetFormatError(
            f"{path}: settings.identities and settings.images: expected whole numbers, got "
            f"{identities!r} and {images!r}."
        )
    if found != (identities, identities * images):
        raise DatasetFormatError(
            f"{path} lists {identities:,} identities with {images:,} images each, but the shards "
            f"hold {found[0]:,} identities and {found[1]:,} images. Generate the set again."
        )


def _numbers(
    shards: ShardSet, table: str, column: str, limit: int | None = None
) -> NDArray[np.integer]:
    """Read a column of whole numbers from 0, below ``limit``.

    Raises:
        DatasetFormatError: it holds something else.
    """
    values = shards.column(table, column)
    fits = values.ndim == 1 and np.issubdtype(values.dtype, np.integer)
    if fits and values.size:
        fits = values.min() >= 0 and (limit is None or values.max() < limit)
    if not fits:
        below = "" if limit is None else f" to {limit - 1}"
        raise DatasetFormatError(
            f"{shards.folder}: the column {column!r} of {table!r} must hold whole numbers from 0"
            f"{below}. Generate the set again."
        )
    return cast(NDArray[np.integer], values)


@register
@dataclass(frozen=True)
class SyntheticDataset(DatasetLoader):
    """Synthetic people, read from the shards of a set.

    Image paths are names for `read_image`. Paired sets and sets that are too small for a test
    have training images only.

    Attributes:
        split: split to test on, "test" or "val".

    Raises:
        InvalidInputError: unknown split.
    """

    name = "synthetic"
    title = "Synthetic people"

    split: str = "test"

    def __post_init__(self) -> None:
        if self.split not in ("val", "test"):
            raise InvalidInputError(f"split {self.split!r} of a synthetic set: choose val or test.")

    def load(self, root: str | os.PathLike[str]) -> ReidDataset:
        """Read the labels; opens no image."""
        found = SyntheticSet(root)
        names = found.names("images", "jpeg")

        def records(split: SplitName, role: Role) -> tuple[ImageRecord, ...]:
            chosen = (found.splits == SPLITS.index(split)) & (found.roles == ROLES.index(role))
            return tuple(
                ImageRecord(names[row], int(found.person_ids[row]), int(found.camera_ids[row]))
                for row in np.flatnonzero(chosen)
            )

        part = cast(SplitName, self.split)
        query, gallery = records(part, "query"), records(part, "gallery")
        splits = (Split(self.split, query, gallery),) if query and gallery else ()
        train = records("train", "train")
        return ReidDataset(self.name, str(found.folder), train, splits, "cross_camera")
