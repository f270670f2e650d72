"""Training source that reads images and companions from names of files or shard rows."""

import os
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from reid_align.batches.sources.training_source import CompanionKind, Pixels, TrainingSource
from reid_align.datasets.image_store import read_image, read_iuv
from reid_align.uv import IUV


class FileSource(TrainingSource):
    """A source that reads named files or shard rows on access.

    Args:
        name: name in messages and in the records of a run.
        root: folder that names are relative to in the fingerprint.
        images: N names.
        person_ids: N identities.
        camera_ids: N cameras.
        companions: N names for each kind of companion.
        texture_mask: (256, 256) bool or None.
    """

    advice = "Name the folder or the column that holds it."

    def __init__(
        self,
        name: str,
        root: str,
        images: Sequence[str],
        person_ids: Sequence[int] | NDArray[np.int64],
        camera_ids: Sequence[int] | NDArray[np.int64],
        companions: Mapping[CompanionKind, Sequence[str]],
        texture_mask: NDArray[np.bool_] | None,
    ) -> None:
        self.name = name
        self.person_ids = np.asarray(person_ids, np.int64)
        self.camera_ids = np.asarray(camera_ids, np.int64)
        self.holds = frozenset(companions)
        self.texture_mask = texture_mask
        self._root, self._images, self._companions = root, images, companions

    def image(self, index: int) -> Pixels:
        """Read an image."""
        return read_image(self._images[index])

    def texture(self, index: int) -> Pixels:
        """Read the texture of the person in an image."""
        return read_image(self._companion("texture", index))

    def frontal(self, index: int) -> Pixels:
        """Read the frontal view of the person in an image."""
        return read_image(self._companion("frontal", index))

    def external(self, index: int) -> Pixels:
        """Read the target image that the user supplied for an image."""
        return read_image(self._companion("external", index))

    def iuv(self, index: int) -> IUV:
        """Read the dense pose map of an image; all zeros without a detection."""
        return read_iuv(self._companion("iuv", index))

    def fingerprint(self) -> str:
        """Return a hash of ids, relative names and file sizes."""
        ids = zip(self.person_ids.tolist(), self.camera_ids.tolist(), strict=True)
        lines = [f"{person} {camera}" for person, camera in ids]
        lines += (f"{os.path.relpath(path, self._root)} {_size(path)}" for path in self._images)
        for kind, paths in sorted(self._companions.items()):
            lines += [kind, *(f"{_size(path)}" for path in paths)]
        return hash_lines(lines)

    def _companion(self, kind: CompanionKind, index: int) -> str:
        self.require(kind)
        return self._companions[kind][index]


def hash_lines(lines: Iterable[str]) -> str:
    """Return a short SHA-256 hash of lines of text."""
    return sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _size(path: str) -> int:
    # Shard rows have no file size; their name identifies them.
    return os.path.getsize(path) if os.path.isfile(path) else 0
