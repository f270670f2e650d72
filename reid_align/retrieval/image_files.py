"""Resolution of recorded image paths to files, and the identity of each file."""

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from reid_align.images.same_files import file_key

# Names of images in memory, see `features.NamedImage`.
IN_MEMORY = re.compile(r"input\[\d+\]")


class ImageFile(NamedTuple):
    """A recorded path and its file.

    Attributes:
        path: the path as recorded.
        file: the path that opens the file; the recorded path if there is no file.
        key: equal for all paths of one file (links, spellings); None if there is no file.
    """

    path: str
    file: str
    key: object | None


def resolve_files(paths: Iterable[str], root: str | None = None) -> list[ImageFile]:
    """Find the file of each path: relative to the working directory, then to ``root``."""
    return [_resolve(path, root) for path in paths]


def _resolve(path: str, root: str | None) -> ImageFile:
    key = file_key(path)
    if key is None and root is not None:
        below = os.path.join(root, path)
        key = file_key(below)
        if key is not None:
            return ImageFile(path, below, key)
    return ImageFile(path, path, key)
