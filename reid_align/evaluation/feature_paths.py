"""Paths of features and dataset images: resolution of links, and features of a moved dataset."""

import os
from collections.abc import Iterable
from dataclasses import replace

from reid_align.errors import InvalidInputError
from reid_align.features import Features
from reid_align.images.image_addresses import is_remote


def real_paths(paths: Iterable[str]) -> list[str]:
    """Return absolute paths without symbolic links; resolves each folder once. Keeps URLs."""
    folders: dict[str, str] = {}

    def resolved(path: str) -> str:
        if is_remote(path):
            return path
        folder, name = os.path.split(os.path.abspath(path))
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        file = os.path.join(folders[folder], name)
        return os.path.realpath(file) if os.path.islink(file) else file

    return [resolved(path) for path in paths]


def relocate_features(features: Features, features_root: str, dataset_root: str) -> Features:
    """Return the features with paths below another folder, for a dataset that has moved.

    A relative path and a relative ``features_root`` start at the same working directory.

    Args:
        features: features from `read_features`.
        features_root: folder of the dataset at the extraction.
        dataset_root: folder of the dataset now.

    Raises:
        InvalidInputError: no path is below ``features_root``.
    """
    root = _absolute(features_root)
    paths = [_moved(path, root, dataset_root) for path in features.paths]
    if features.paths and not any(path is not None for path in paths):
        raise InvalidInputError(
            f"None of the {len(paths):,} feature paths is below {features_root} (first: "
            f"{features.paths[0]}). Give the folder of the dataset at the extraction, as these "
            "paths contain it."
        )
    return replace(
        features,
        paths=tuple(new or old for new, old in zip(paths, features.paths, strict=True)),
        failed=tuple(
            replace(image, path=_moved(image.path, root, dataset_root) or image.path)
            for image in features.failed
        ),
    )


def _moved(path: str, root: str, dataset_root: str) -> str | None:
    below = os.path.relpath(_absolute(path), root)
    outside = below == os.pardir or below.startswith(os.pardir + os.sep)
    return None if outside else os.path.join(dataset_root, below)


def _absolute(path: str) -> str:
    """Return an absolute path; a URL becomes one that starts with its protocol."""
    return os.path.abspath(f"{os.sep}{path}" if is_remote(path) else path)
