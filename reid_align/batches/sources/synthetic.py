"""Training images from a set of synthetic people: with textures, dense maps, frontal views."""

import json
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reid_align.batches.sources.base import Extra
from reid_align.batches.sources.files import FileSource, hash_lines
from reid_align.batches.sources.masks import read_mask
from reid_align.datasets.synthetic import SyntheticSet
from reid_align.errors import InvalidInputError
from reid_align.shard_set import SPLITS, SplitName


class SyntheticSource(FileSource):
    """The images of one split of a set that ``python -m reid_align.synthesize`` wrote.

    In paired data (``--pit``) the images are of nobody: their person ids are -1.

    Args:
        folder: the folder with ``set.json``.
        split: "train", "val" or "test".

    Raises:
        InvalidInputError: another split, or one without images.
        DatasetNotFoundError: there is no set.
        DatasetFormatError: a shard is missing or cut off.
    """

    advice = "A synthetic set has no such images: use another dataset, or another recipe."

    def __init__(self, folder: str | os.PathLike[str], split: SplitName = "train") -> None:
        if split not in SPLITS:
            raise InvalidInputError(f"split {split!r}: choose one of {', '.join(SPLITS)}.")
        found = SyntheticSet(folder)
        rows = np.flatnonzero(found.splits == SPLITS.index(split))
        if not len(rows):
            raise InvalidInputError(
                f"{found.folder} has no images in the split {split!r}. Make a larger set."
            )
        extras: dict[Extra, Sequence[str]] = {
            "iuv": _chosen(found.names("images", "iuv"), rows),
            "texture": _chosen(found.names("people", "texture"), found.people[rows]),
            "frontal": _chosen(found.names("people", "frontal"), found.people[rows]),
        }
        super().__init__(
            f"synthetic {split}",
            str(found.folder),
            _chosen(found.names("images", "jpeg"), rows),
            found.person_ids[rows],
            found.camera_ids[rows],
            extras,
            read_mask(found.folder),
        )
        self._made_from = json.dumps(found.settings, sort_keys=True)

    def fingerprint(self) -> str:
        """Return a hash of what the set was made from, which determines every byte of it."""
        return hash_lines([self.name, self._made_from])


def _chosen(names: Sequence[str], rows: NDArray[np.int64]) -> list[str]:
    return [names[row] for row in rows.tolist()]
