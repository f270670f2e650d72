"""Work units of an extraction: consecutive files, a tar file, or rows of a Parquet file."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reid_align.bulk.encoded_images import count_parquet_images
from reid_align.features.image_list import ImageList
from reid_align.images.image_addresses import is_parquet, is_tar


@dataclass(frozen=True)
class WorkUnit:
    """Images that one worker processes in order, and writes to one Parquet file.

    Attributes:
        index: number of the unit, which names its file.
        paths: image files; or one tar or Parquet file.
        start: first row of a Parquet file.
        stop: row after the last one; 0 without a Parquet file.
    """

    index: int
    paths: tuple[str, ...]
    start: int = 0
    stop: int = 0

    @property
    def container(self) -> str | None:
        """The tar or Parquet file; None for image files."""
        first = self.paths[0]
        return first if self.stop or _is_container(first) else None


class UnitList:
    """Units of the sources, in order. The sources are listed once.

    Args:
        sources: paths of images, tar files and Parquet files, see `find_sources`.
        unit_images: images per unit; tar files are not divided.
        folder: existing folder for a temporary file.

    Attributes:
        count: number of units.
        sha256: hash of the sources and the rows of Parquet files.
    """

    def __init__(self, sources: Iterable[str], unit_images: int, folder: Path) -> None:
        self._size = unit_images
        self._listed = ImageList(sources, folder)
        digest = hashlib.sha256(self._listed.sha256.encode())
        self._rows: dict[str, int] = {}
        for path in self._listed:
            if is_parquet(path) and path not in self._rows:
                self._rows[path] = count_parquet_images(path)
                digest.update(f"{self._rows[path]}\0".encode())
        self.count = sum(1 for _ in self)
        self.sha256 = digest.hexdigest()

    def __iter__(self) -> Iterator[WorkUnit]:
        for index, (paths, start, stop) in enumerate(self._pieces()):
            yield WorkUnit(index, paths, start, stop)

    @property
    def known_images(self) -> int | None:
        """Number of images; None if there are tar files, which are not opened here."""
        if any(is_tar(path) for path in self._listed if not is_parquet(path)):
            return None
        files = sum(1 for path in self._listed if not is_parquet(path))
        rows = sum(self._rows[path] for path in self._listed if is_parquet(path))
        return files + rows

    def _pieces(self) -> Iterator[tuple[tuple[str, ...], int, int]]:
        files: list[str] = []
        for path in self._listed:
            container = _is_container(path)
            if files and (container or len(files) == self._size):
                yield tuple(files), 0, 0
                files = []
            if is_parquet(path):
                total = self._rows[path]
                for start in range(0, total, self._size):
                    yield (path,), start, min(start + self._size, total)
            elif container:
                yield (path,), 0, 0
            else:
                files.append(path)
        if files:
            yield tuple(files), 0, 0


def _is_container(path: str) -> bool:
    return is_parquet(path) or (is_tar(path) and not os.path.isdir(path))
