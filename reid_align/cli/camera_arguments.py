"""Cameras of images from ``--pattern`` or ``--metadata``."""

import os
import re
from argparse import Namespace
from collections.abc import Sequence

from reid_align.errors import InvalidInputError
from reid_align.retrieval import read_metadata
from reid_align.retrieval.image_files import resolve_files
from reid_align.retrieval.metadata_table import column

GROUP = "camera_id"


def cameras_of_arguments(args: Namespace, paths: Sequence[str]) -> tuple[str, ...] | None:
    """Return the camera of each image, "" where the metadata lack it; None without arguments.

    Raises:
        InvalidInputError: an invalid pattern, a path that does not match, or metadata that cannot
            be read or have no cameras.
    """
    if args.pattern is not None:
        return _by_pattern(args.pattern, paths)
    if args.metadata is None:
        return None
    table = read_metadata(args.metadata)
    found = column(table.columns_of(resolve_files(paths)), "camera")
    return tuple(camera or "" for camera in found)


def _by_pattern(pattern: str, paths: Sequence[str]) -> tuple[str, ...]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise InvalidInputError(f"The pattern {pattern} is not valid: {error}.") from error
    if set(expression.groupindex) != {GROUP}:
        raise InvalidInputError(
            f"The pattern {pattern} has the groups {sorted(expression.groupindex)}. Give it one "
            rf"group named {GROUP}, as in _c(?P<{GROUP}>\d+)."
        )
    found = []
    for path in paths:
        match = expression.search(path.replace(os.sep, "/"))
        if match is None:
            raise InvalidInputError(f"The pattern {pattern} does not match {path}.")
        found.append(match[GROUP] or "")
    return tuple(found)
