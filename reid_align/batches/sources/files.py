"""A source whose images, textures and maps all have names: of files, or of rows of shards."""

import os
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from reid_align.batches.sources.base import Extra, Pixels, Source
from reid_align.datasets.stored import read_image, read_iuv
from reid_align.uv import IUV


class FileSource(Source):
    """A source that knows the name of everything and reads it when it is asked for.

    Args:
        name: as messages and records of a run show it.
        root: the folder that names are relative to in the fingerprint.
        images: N names.
        person_ids: N numbers.
        camera_ids: N numbers.
        extras: N names for everything that there is beside the images.
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
        extras: Mapping[Extra, Sequence[str]],
        texture_mask: NDArray[np.bool_] | None,
    ) -> None:
        self.name = name
        self.person_ids = np.asarray(person_ids, np.int64)
        self.camera_ids = np.asarray(camera_ids, np.int64)
        self.holds = frozenset(extras)
        self.texture_mask = texture_mask
        self._root, self._images, self._extras = root, images, extras

    def image(self, index: int) -> Pixels:
        """Return a image."""
        return read_image(self._images[index])

    def texture(self, index: int) -> Pixels:
        """Return the texture of the person on a image."""
        return read_image(self._extra("texture", index))

    def frontal(self, index: int) -> Pixels:
        """Return the person on a image as seen from the front."""
        return read_image(self._extra("frontal", index))

    def external(self, index: int) -> Pixels:
        """Return the image to be drawn from a image, as the user supplied it."""
        return read_image(self._extra("external", index))

    def iuv(self, index: int) -> IUV:
        """Return the dense map of a image; an empty map where nobody was detected."""
        return read_iuv(self._extra("iuv", index))

    def fingerprint(self) -> str:
        """Return a hash of all ids, relative names and file sizes."""
        ids = zip(self.person_ids.tolist(), self.camera_ids.tolist(), strict=True)
        lines = [f"{person} {camera}" for person, camera in ids]
        lines += (f"{os.path.relpath(path, self._root)} {_size(path)}" for path in self._images)
        for extra, paths in sorted(self._extras.items()):
            lines += [extra, *(f"{_size(path)}" for path in paths)]
        return hash_lines(lines)

    def _extra(self, extra: Extra, index: int) -> str:
        self.require(extra)
        return self._extras[extra][index]


def hash_lines(lines: Iterable[str]) -> str:
    """Return a short hash of some lines of text."""
    return sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _size(path: str) -> int:
    # A row of a shard has no size of its own: its name says which it is.
    return os.path.getsize(path) if os.path.isfile(path) else 0
