"""The files of a dataset: which are images, what their names say, and whether they are there."""

import os
import re
from collections.abc import Sequence

from reid_align.errors import DatasetFormatError
from reid_align.images.formats import EXTENSIONS


def shown(path: str) -> str:
    r"""Return a path as it can be printed: bytes that are not UTF-8 appear as ``\xff``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def absolute(path: str | os.PathLike[str]) -> str:
    """Return the absolute path, with a leading ``~`` replaced by the home folder."""
    return os.path.abspath(os.path.expanduser(path))


def is_image(name: str) -> bool:
    """Tell an image by its suffix; hidden files, such as the ``._*`` of macOS, are none."""
    return os.path.splitext(name)[1].lower() in EXTENSIONS and not name.startswith(".")


def list_images(dataset: str, folder: str) -> list[str]:
    """List the paths of the images directly in a folder, sorted; anything else is passed over.

    Raises:
        DatasetFormatError: there is no image in the folder.
    """
    paths = sorted(os.path.join(folder, name) for name in os.listdir(folder) if is_image(name))
    if not paths:
        raise DatasetFormatError(
            f"{dataset}: there is no image in {shown(folder)}. "
            f"Images end in {', '.join(sorted(EXTENSIONS))}."
        )
    return paths


def match_images(
    dataset: str, folder: str, pattern: re.Pattern[str], like: str
) -> list[tuple[str, re.Match[str]]]:
    """List the images directly in a folder with what the pattern finds at the start of each name.

    Args:
        dataset: the dataset, for the error message.
        folder: the folder.
        pattern: what every name has to begin with.
        like: a name as it should be, for the error message.

    Raises:
        DatasetFormatError: there is no image, or a name does not match.
    """
    found = []
    for path in list_images(dataset, folder):
        match = pattern.match(os.path.basename(path))
        if match is None:
            raise DatasetFormatError(
                f"{dataset}: {shown(path)} is not named like {like}. "
                "Move it out of the folder, or give it the name it was published under."
            )
        found.append((path, match))
    return found


def require_files(dataset: str, paths: Sequence[str], listed_in: str) -> None:
    """Check that every file is there.

    Raises:
        DatasetFormatError: names the first file that is missing, and how many there are.
    """
    missing = [path for path in paths if not os.path.isfile(path)]
    if missing:
        raise DatasetFormatError(
            f"{dataset}: {len(missing):,} of the {len(paths):,} images in {shown(listed_in)} are "
            f"missing, the first is {shown(missing[0])}. Unpack the dataset again, or correct "
            "the list."
        )
