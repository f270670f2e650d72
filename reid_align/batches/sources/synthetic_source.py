"""Training images of a synthetic set, with textures, dense pose maps and frontal views."""

import json
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reid_align.batches.sources.file_source import FileSource, hash_lines
from reid_align.batches.sources.texture_mask import read_mask
from reid_align.batches.sources.training_source import CompanionKind
from reid_align.datasets.synthetic_set import SyntheticSet
from reid_align.errors import InvalidInputError
from reid_align.shard_set import SPLITS, SplitName


class SyntheticSource(FileSource):
    """One split of a set written by ``python -m reid_align.synthesize``.

    Images of a paired set have no identities: their person ids are -1.

    Args:
        folder: folder with ``set.json``.
        split: "train", "val" or "test".

    Raises:
        InvalidInputError: an unknown split, or one without images.
        DatasetNotFoundError: ``folder`` contains no set.
        DatasetFormatError: a shard is missing or truncated.
    """

    advice = "A synthetic set cannot provide it. Use another dataset or another recipe."

    def __init__(self, folder: str | os.PathLike[str], split: SplitName = "train") -> None:
        if split not in SPLITS:
            raise InvalidInputError(f"split {split!r}: choose one of {', '.join(SPLITS)}.")
        found = SyntheticSet(folder)
        rows = np.flatnonzero(found.splits == SPLITS.index(split))
        if not len(rows):
            raise InvalidInputError(
                f"{found.folder} has no images in the split {split!r}. Generate a larger set."
            )
        companions: dict[CompanionKind, Sequence[str]] = {
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
            companions,
            read_mask(found.folder),
        )
        self._made_from = json.dumps(found.settings, sort_keys=True)

    def fingerprint(self) -> str:
        """Return a hash of the set's settings, which determine every byte of the set."""
        return hash_lines([self.name, self._made_from])


def _chosen(names: Sequence[str], rows: NDArray[np.int64]) -> list[str]:
    return [names[row] for row in rows.tolist()]
