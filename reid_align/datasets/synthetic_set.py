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
from reid_align.datasets.folder_layout import locate
from reid_align.datasets.image_store import stored_names
from reid_align.errors import InvalidInputError
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
        DatasetFormatError: a shard is missing or truncated.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        folder = absolute(root)
        # Its error message is more detailed than that of `ShardSet`.
        locate("synthetic", folder, ((SET_FILE,),), advice="")
        self.folder = Path(folder)
        shards = ShardSet(self.folder)
        self.settings = shards.settings
        people, image_people = (shards.column(table, "person") for table in ("people", "images"))
        order = np.argsort(people, kind="stable")
        self.people: NDArray[np.int64] = order[np.searchsorted(people[order], image_people)]
        self.person_ids = np.where(bool(self.settings["pit"]), NO_IDENTITY, image_people).astype(
            np.int64
        )
        self.camera_ids = shards.column("images", "camera").astype(np.int64)
        self.splits = shards.column("images", "split")
        self.roles = shards.column("images", "role")
        self._shards = shards.shards

    def names(self, table: str, column: str) -> list[str]:
        """Return the names of all files of a column, in row order."""
        return [
            name
            for shard in self._shards
            for name in stored_names(shard.path, table, column, shard.length(table))
        ]


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
