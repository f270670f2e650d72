"""The sets that ``python -m reid_align.synthesize`` writes, read from their shards."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from reid_align.datasets.base import ImageRecord, ReidDataset, Split
from reid_align.datasets.files import absolute
from reid_align.datasets.layout import locate
from reid_align.datasets.loader import DatasetLoader, register
from reid_align.datasets.stored import stored_names
from reid_align.errors import InvalidInputError
from reid_align.shard_set import ROLES, SET_FILE, SPLITS, Role, ShardSet, SplitName

# A person id for images of a texture on many bodies, which are of nobody.
NOBODY = -1


class SyntheticSet:
    """The tables of a set, and where its files are.

    Args:
        root: the folder with ``set.json``.

    Attributes:
        folder: its absolute path.
        settings: what the set was made from.
        person_ids: (N,) int64 who is on each image; -1 throughout in paired data.
        camera_ids: (N,) int64.
        splits: (N,) index in `SPLITS`.
        roles: (N,) index in `ROLES`.
        people: (N,) int64 row of the table "people" that each image belongs to.

    Raises:
        DatasetNotFoundError: there is no set.
        DatasetFormatError: a shard is missing or cut off.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        folder = absolute(root)
        # Says more of what is there instead than `ShardSet` would.
        locate("synthetic", folder, ((SET_FILE,),), advice="")
        self.folder = Path(folder)
        shards = ShardSet(self.folder)
        self.settings = shards.settings
        people, persons = (shards.column(table, "person") for table in ("people", "images"))
        order = np.argsort(people, kind="stable")
        self.people: NDArray[np.int64] = order[np.searchsorted(people[order], persons)]
        self.person_ids = np.where(bool(self.settings["pit"]), NOBODY, persons).astype(np.int64)
        self.camera_ids = shards.column("images", "camera").astype(np.int64)
        self.splits = shards.column("images", "split")
        self.roles = shards.column("images", "role")
        self._shards = shards.shards

    def names(self, table: str, column: str) -> list[str]:
        """Return the names of all files of a column, in the order of the rows."""
        return [
            name
            for shard in self._shards
            for name in stored_names(shard.path, table, column, shard.length(table))
        ]


@register
@dataclass(frozen=True)
class SyntheticDataset(DatasetLoader):
    """People who do not exist, straight from the shards of a set.

    The paths of its images are names that `read_image` reads. A set that is too small for a
    test, and paired data (``--pit``), have training images only.

    Attributes:
        split: whose queries and gallery make the test: "test" or "val".

    Raises:
        InvalidInputError: another split.
    """

    name = "synthetic"
    title = "Synthetic people"

    split: str = "test"

    def __post_init__(self) -> None:
        if self.split not in ("val", "test"):
            raise InvalidInputError(f"split {self.split!r} of a synthetic set: val or test.")

    def load(self, root: str | os.PathLike[str]) -> ReidDataset:
        """Read who is on which image; no image is opened."""
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
