"""A folder of images whose names tell who is on them."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from reid_align.datasets.base import ReidDataset
from reid_align.datasets.files import absolute, is_image, shown
from reid_align.datasets.layout import describe
from reid_align.datasets.loader import DatasetLoader, register
from reid_align.datasets.own import PARTS, Entry, assemble
from reid_align.errors import DatasetFormatError, DatasetNotFoundError, InvalidInputError

# The folders of each part: by their plain names, and by those of Market-1501, which others use too.
_LAYOUTS = (PARTS, ("bounding_box_train", "query", "bounding_box_test"))
_GROUPS = {"person_id", "camera_id"}


@register
@dataclass(frozen=True)
class FolderDataset(DatasetLoader):
    r"""A folder of images in which a regular expression finds the ids.

    The images below ``query/`` and ``gallery/`` make the test and those below ``train/`` the
    training images; ``bounding_box_test/`` and ``bounding_box_train/`` are taken for ``gallery/``
    and ``train/``. Without these folders every image is query and gallery at once. Ids may be
    any text; person -1 is junk and left out.

    Attributes:
        pattern: a regular expression with the named group ``person_id`` and, if the cameras are
            known, ``camera_id``. It is searched for in the path below those folders, with forward
            slashes: ``(?P<person_id>[^/]+)/`` for a folder for each person,
            ``^(?P<person_id>-?\d+)_c(?P<camera_id>\d)`` for names such as 0002_c1s1_000451_03.jpg.

    Raises:
        InvalidInputError: the pattern is no regular expression, or has other groups than these.
    """

    name = "folder"
    title = "A folder and a pattern"

    pattern: str

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.pattern).groupindex.keys()
        except re.error as error:
            raise InvalidInputError(
                f"The pattern {self.pattern!r} is no regular expression: {error}."
            ) from error
        if not {"person_id"} <= groups <= _GROUPS:
            raise InvalidInputError(
                f"The pattern {self.pattern!r} has the named groups {sorted(groups)}: it needs "
                "(?P<person_id>...), may have (?P<camera_id>...), and no other."
            )

    def load(self, root: str | os.PathLike[str]) -> ReidDataset:
        """Read the names below ``root``."""
        folder = absolute(root)
        if not os.path.isdir(folder):
            raise DatasetNotFoundError(self.name, shown(folder), "a folder", describe(folder))
        entries = [
            self._entry(top, relative, part)
            for top, part in _parts(folder)
            for relative in _find_images(top)
        ]
        if not entries:
            raise DatasetNotFoundError(self.name, shown(folder), "images", describe(folder))
        return assemble(self.name, folder, entries)

    def _entry(self, top: str, relative: str, part: str | None) -> Entry:
        path = os.path.join(top, relative)
        match = re.search(self.pattern, relative.replace(os.sep, "/"))
        if match is None or not match["person_id"]:
            raise DatasetFormatError(
                f"{self.name}: the pattern {self.pattern!r} finds no person_id in "
                f"{shown(relative)}, below {shown(top)}. Correct the pattern, or move the file."
            )
        return Entry(path, match["person_id"], match.groupdict().get("camera_id") or None, part)


def _parts(root: str) -> list[tuple[str, str | None]]:
    """List the folders to read, each with its part."""
    parts: list[tuple[str, str | None]] = [
        (folder, part)
        for layout in _LAYOUTS
        for name, part in zip(layout, PARTS, strict=True)
        if os.path.isdir(folder := os.path.join(root, name))
    ]
    return list(dict.fromkeys(parts)) or [(root, None)]


def _find_images(top: str) -> Iterator[str]:
    """Yield the images in a folder and below it, relative to it, in no particular order."""
    for folder, below, names in os.walk(top):
        below[:] = [name for name in below if not name.startswith(".")]
        for name in names:
            if is_image(name):
                yield os.path.relpath(os.path.join(folder, name), top)
