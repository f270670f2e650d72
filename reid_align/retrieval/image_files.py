"""Resolution of recorded image paths to files, and the identity of each file."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from reid_align.images.same_files import file_keys

# Names of images in memory, see `features.NamedImage`.
IN_MEMORY = re.compile(r"input\[\d+\]")


@dataclass(frozen=True)
class ImageFile:
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
    found = []
    for path in paths:
        file = path
        if root is not None and not os.path.exists(path):
            below = os.path.join(root, path)
            file = below if os.path.exists(below) else path
        found.append(file)
    keys = [key if _is_found(key) else None for key in file_keys(found)]
    return [ImageFile(*each) for each in zip(paths, found, keys, strict=True)]


def _is_found(key: object) -> bool:
    return not isinstance(key, str) or os.path.exists(key)
