"""CSV files of labeled pairs."""

from pathlib import Path

import numpy as np
import pytest

from reid_align import Features
from reid_align.calibration import NamedPair, pairs_of_names, read_pairs
from reid_align.errors import InvalidInputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in "abcd":
        (tmp_path / f"{name}.jpg").write_bytes(b"x")
    return tmp_path


def write(folder: Path, text: str) -> Path:
    file = folder / "pairs.csv"
    file.write_text(text, "utf-8")
    return file


def test_paths_are_relative_to_the_file(folder: Path) -> None:
    file = write(
        folder, f"\ufeffpath_a, path_b,same,note\na.jpg,b.jpg,1,\n{folder}/c.jpg,./d.jpg,No,x\n"
    )
    a, b, c, d = (str(folder / f"{name}.jpg") for name in "abcd")
    assert read_pairs(file) == [NamedPair(a, b, True), NamedPair(c, d, False)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path_a,path_b\na.jpg,b.jpg\n", "The column same is missing"),
        ("path_a,path_b,same\n", "lists no pair"),
        ("path_a,path_b,same\na.jpg,b.jpg,maybe\n", "1 for the same identity or 0"),
        ("path_a,path_b,same\na.jpg,b.jpg\n", "1 for the same identity or 0"),
        ("path_a,path_b,same\na.jpg,x.jpg,1\n", "there is no file"),
        ("path_a,path_b,same\na.jpg,./a.jpg,1\n", "pairs a.jpg with itself"),
        ("path_a,path_b,same\na.jpg,b.jpg,1\nb.jpg,a.jpg,1\n", "twice"),
    ],
)
def test_bad_files_are_refused(folder: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read_pairs(write(folder, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"Cannot read .*pairs\.csv"):
        read_pairs(tmp_path / "pairs.csv")


def test_identities_follow_from_the_labels() -> None:
    values = np.eye(5, dtype=np.float32)[[0, 0, 1, 1, 2]]
    features = Features(values, ("a", "b", "c", "d", "e"))
    named = [
        NamedPair("a", "b", True),
        NamedPair("b", "c", True),
        NamedPair("c", "d", False),
        NamedPair("a", "e", False),
    ]
    pairs = pairs_of_names(named, features)
    np.testing.assert_allclose(pairs.distances, [0, 1, 0, 1])
    np.testing.assert_array_equal(pairs.same, [True, True, False, False])
    assert pairs.identities[0, 0] == pairs.identities[1, 1] == pairs.identities[3, 0]
    assert len(np.unique(pairs.identities)) == 3
    assert (pairs.images, pairs.different_available) == (5, 2)


def test_contradicting_labels_are_refused() -> None:
    features = Features(np.eye(3, dtype=np.float32), ("a", "b", "c"))
    named = [NamedPair("a", "b", True), NamedPair("b", "c", True), NamedPair("a", "c", False)]
    with pytest.raises(InvalidInputError, match="pair a, c is labeled different"):
        pairs_of_names(named, features)
    with pytest.raises(InvalidInputError, match="x has no features"):
        pairs_of_names([NamedPair("a", "x", True)], features)
