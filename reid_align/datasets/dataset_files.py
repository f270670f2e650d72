"""Image files of a dataset: listing, name patterns and existence checks."""

import os
import re
from collections.abc import Sequence

from reid_align.errors import DatasetFormatError
from reid_align.images.image_addresses import image_exists
from reid_align.images.image_formats import EXTENSIONS


def shown(path: str) -> str:
    r"""Return a path in printable form; bytes that are not UTF-8 appear as ``\xff``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def absolute(path: str | os.PathLike[str]) -> str:
    """Return the absolute path, with a leading ``~`` expanded."""
    return os.path.abspath(os.path.expanduser(path))


def has_image_name(name: str) -> bool:
    """Return whether a file name has an image suffix and is not hidden (``._*`` of macOS)."""
    return os.path.splitext(name)[1].lower() in EXTENSIONS and not name.startswith(".")


def list_images(dataset: str, folder: str) -> list[str]:
    """List the paths of the images directly in a folder, sorted; ignores other files.

    Raises:
        DatasetFormatError: the folder contains no image.
    """
    paths = sorted(
        os.path.join(folder, name) for name in os.listdir(folder) if has_image_name(name)
    )
    if not paths:
        raise DatasetFormatError(
            f"{dataset}: {shown(folder)} contains no images. "
            f"Images end in {', '.join(sorted(EXTENSIONS))}."
        )
    return paths


def match_images(
    dataset: str, folder: str, pattern: re.Pattern[str], like: str
) -> list[tuple[str, re.Match[str]]]:
    """List the images directly in a folder with the match of their names.

    Args:
        dataset: dataset, for the error message.
        folder: the folder.
        pattern: pattern at the start of every name.
        like: example of a valid name, for the error message.

    Raises:
        DatasetFormatError: there is no image, or a name does not match.
    """
    found = []
    for path in list_images(dataset, folder):
        match = pattern.match(os.path.basename(path))
        if match is None:
            raise DatasetFormatError(
                f"{dataset}: {shown(path)} is not named like {like}. "
                "Move the file out of the folder, or restore its published name."
            )
        found.append((path, match))
    return found


def require_files(dataset: str, paths: Sequence[str], listed_in: str) -> None:
    """Check that every file exists; URLs and members of tar files are not checked.

    Raises:
        DatasetFormatError: files are missing; names the first one and the count.
    """
    missing = [path for path in paths if not image_exists(path)]
    if missing:
        raise DatasetFormatError(
            f"{dataset}: {len(missing):,} of the {len(paths):,} images in {shown(listed_in)} are "
            f"missing, the first is {shown(missing[0])}. Unpack the dataset again, or correct "
            "the list."
        )
