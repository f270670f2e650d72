"""Cameras of images from ``--pattern`` or ``--metadata``."""

from argparse import Namespace
from collections.abc import Sequence

from reid_align.images.path_pattern import match_paths
from reid_align.retrieval import read_metadata
from reid_align.retrieval.image_files import resolve_files
from reid_align.retrieval.metadata_table import column

GROUP = "camera_id"
ADVICE = rf"Give it one group named {GROUP}, as in _c(?P<{GROUP}>\d+)."


def cameras_of_arguments(args: Namespace, paths: Sequence[str]) -> tuple[str, ...] | None:
    """Return the camera of each image, "" where the metadata lack it; None without arguments.

    Raises:
        InvalidInputError: an invalid pattern, a path that does not match, or metadata that cannot
            be read or have no cameras.
    """
    if args.pattern is not None:
        return tuple(match_paths(args.pattern, paths, (GROUP,), ADVICE)[GROUP])
    if args.metadata is None:
        return None
    table = read_metadata(args.metadata)
    found = column(table.columns_of(resolve_files(paths)), "camera")
    return tuple(camera or "" for camera in found)
