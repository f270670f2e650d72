"""Custom dataset: a folder of images with ids in their names."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from reid_align.datasets.custom_data import PARTS, ListedImage, assemble
from reid_align.datasets.custom_ids import check_whole_number
from reid_align.datasets.dataset_files import absolute, has_image_name, shown
from reid_align.datasets.dataset_registry import DatasetLoader, register
from reid_align.datasets.dataset_types import ReidDataset
from reid_align.datasets.folder_layout import describe
from reid_align.errors import DatasetFormatError, DatasetNotFoundError, DatasetOptionError

# Folders of train, query and gallery; the second layout is that of Market-1501 and others.
_LAYOUTS = (PARTS, ("bounding_box_train", "query", "bounding_box_test"))
_GROUPS = {"person_id", "camera_id"}


@register
@dataclass(frozen=True)
class FolderDataset(DatasetLoader):
    r"""A folder of images; a regular expression extracts the ids from the paths.

    Images below ``train/`` are training images; ``query/`` and ``gallery/`` form the test.
    ``bounding_box_train/`` and ``bounding_box_test/`` are read as ``train/`` and ``gallery/``.
    Without these folders every image is both query and gallery, and training uses all of them
    (`as_training_set`).
    Ids may be any text; images with person_id -1 are junk and ignored.

    Attributes:
        pattern: regular expression with the named group ``person_id`` and optionally
            ``camera_id``, searched in the path below those folders with forward slashes.
            ``(?P<person_id>[^/]+)/`` matches one folder per identity,
            ``^(?P<person_id>-?\d+)_c(?P<camera_id>\d+)`` names such as 0002_c1s1_000451_03.jpg. A
            group that matches only a part of a number is an error.

    Raises:
        DatasetOptionError: the pattern is not a regular expression, or has other groups.
    """

    name = "folder"
    title = "A folder and a pattern"
    train_advice = "Put the training images into a folder train inside it."
    option_examples: ClassVar[Mapping[str, str]] = {
        "pattern": r"(?P<person_id>-?\d+)_c(?P<camera_id>\d+)"
    }

    pattern: str

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.pattern).groupindex.keys()
        except re.error as error:
            raise DatasetOptionError(
                f"The pattern {self.pattern} is not a regular expression: {error}."
            ) from error
        if "person_id" not in groups:
            raise DatasetOptionError(
                f"The pattern {self.pattern} has no group named person_id. Write the group of the "
                "person id as (?P<person_id>...), and that of the camera id as (?P<camera_id>...)."
            )
        if unknown := sorted(groups - _GROUPS):
            raise DatasetOptionError(
                f"The pattern {self.pattern} has the unknown group {unknown[0]}. Name groups "
                "person_id or camera_id, or leave them unnamed."
            )

    def load(self, root: str | os.PathLike[str]) -> ReidDataset:
        """Read the file names below ``root``."""
        folder = absolute(root)
        if not os.path.isdir(folder):
            raise DatasetNotFoundError(self.name, shown(folder), "a folder", describe(folder))
        images = [
            self._listed(top, relative, part)
            for top, part in _parts(folder)
            for relative in _find_images(top)
        ]
        if not images:
            raise DatasetNotFoundError(self.name, shown(folder), "images", describe(folder))
        return assemble(self.name, folder, images)

    def _listed(self, top: str, relative: str, part: str | None) -> ListedImage:
        path = os.path.join(top, relative)
        match = re.search(self.pattern, relative.replace(os.sep, "/"))
        if match is None or not (match["person_id"] or "").strip():
            raise DatasetFormatError(
                f"{self.name}: the pattern {self.pattern} finds no person_id in "
                f"{shown(relative)}, below {shown(top)}. Correct the pattern, or move the file."
            )
        ids = {name: value for name, value in match.groupdict().items() if value}
        for group in ids:
            check_whole_number(self.name, match, group)
        camera = ids.get("camera_id", "").strip() or None
        return ListedImage(path, ids["person_id"].strip(), camera, part)


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
    """Yield the images below a folder, relative to it, in no particular order."""
    for folder, below, names in os.walk(top):
        below[:] = [name for name in below if not name.startswith(".")]
        for name in names:
            if has_image_name(name):
                yield os.path.relpath(os.path.join(folder, name), top)
