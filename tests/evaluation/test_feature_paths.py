"""Features match the dataset through links, and after the dataset has moved."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reid_align.datasets import load_dataset
from reid_align.errors import InvalidInputError
from reid_align.evaluate import main
from reid_align.evaluation import evaluate, relocate_features
from reid_align.features import FailedImage, Features

# Features by image: the query's match is second to the other image in the gallery.
VALUES = {"query/1.jpg": [1.0, 0.0], "gallery/1.jpg": [0.6, 0.8], "gallery/2.jpg": [0.8, 0.6]}


def write_dataset(folder: Path) -> Path:
    for name in VALUES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def features_of(root: str | Path) -> Features:
    values = np.array(list(VALUES.values()), np.float32)
    return Features(values, tuple(os.path.join(root, name) for name in VALUES))


def mean_average_precision(folder: Path, features: Features) -> float | None:
    dataset = load_dataset("folder", folder, pattern=r"(?P<person_id>\d+)\.")
    return evaluate(dataset, features).scores[0].mean_average_precision


def linked_folder(folder: Path) -> Path:
    (folder.parent / "link").symlink_to(folder)
    return folder.parent / "link"


def linked_parts(folder: Path) -> Path:
    (folder.parent / "parts").mkdir()
    for part in ("query", "gallery"):
        (folder.parent / "parts" / part).symlink_to(folder / part)
    return folder.parent / "parts"


def linked_files(folder: Path) -> Path:
    for name in VALUES:
        link = folder.parent / "files" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(folder / name)
    return folder.parent / "files"


LINKS = [linked_folder, linked_parts, linked_files]


@pytest.mark.parametrize("link", LINKS)
def test_features_extracted_through_links_match(
    tmp_path: Path, link: Callable[[Path], Path]
) -> None:
    folder = write_dataset(tmp_path / "data")
    assert mean_average_precision(folder, features_of(link(folder))) == 0.5


@pytest.mark.parametrize("link", LINKS)
def test_features_match_a_dataset_with_links(tmp_path: Path, link: Callable[[Path], Path]) -> None:
    folder = write_dataset(tmp_path / "data")
    assert mean_average_precision(link(folder), features_of(folder)) == 0.5


@pytest.mark.parametrize("root", ["/former/place", "/former/place/", "former", "./former/../old"])
def test_features_of_a_moved_dataset_match_below_their_root(tmp_path: Path, root: str) -> None:
    folder = write_dataset(tmp_path / "data")
    features = features_of(root)
    with pytest.raises(InvalidInputError, match="has moved since, state its former folder"):
        mean_average_precision(folder, features)
    moved = relocate_features(features, root, str(folder))
    assert mean_average_precision(folder, moved) == 0.5


def test_paths_outside_the_root_are_kept(tmp_path: Path) -> None:
    failed = (FailedImage("/old/query/2.jpg", "damaged"), FailedImage("/older/3.jpg", "damaged"))
    features = Features(np.ones((2, 1), np.float32), ("/old/1.jpg", "/older/1.jpg"), failed)
    moved = relocate_features(features, "/old", "/new")
    assert moved.paths == ("/new/1.jpg", "/older/1.jpg")
    assert [image.path for image in moved.failed] == ["/new/query/2.jpg", "/older/3.jpg"]


def test_root_without_any_feature_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"None of the 3 feature paths is below /other"):
        relocate_features(features_of("/old"), "/other", "/new")


def test_features_root_needs_features(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["market1501", str(tmp_path), "--features-root", "/old"]) == 2
    assert "--features-root needs --features" in capsys.readouterr().err
