"""Recursive file listing: order, symlinks, cycles, patterns."""

import glob
import inspect
import os
import random
import sys
from pathlib import Path

import pytest
from unprivileged import open_folder, without_the_rights_of_root

from reid_align.errors import NoImagesError
from reid_align.images.folder_walk import walk


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def below(root: Path, *pattern: str) -> list[str]:
    return [os.path.relpath(path, root) for path in walk(str(root), pattern)]


def test_files_and_folders_are_sorted_together(
    tmp_path: Path,
) -> None:
    make(tmp_path, "b.jpg", "a/z.jpg", "a/B.jpg", "a-b.jpg", "c/d/e.jpg", "c/a.jpg", "Z.jpg")
    expected = ["Z.jpg", "a/B.jpg", "a/z.jpg", "a-b.jpg", "b.jpg", "c/a.jpg", "c/d/e.jpg"]
    assert below(tmp_path) == expected


def test_hidden_files_and_folders_are_skipped(tmp_path: Path) -> None:
    make(tmp_path, "._a.jpg", ".cache/a.jpg", "a.jpg", "b/.hidden")
    assert below(tmp_path) == ["a.jpg"]


def test_a_hidden_root_is_walked(tmp_path: Path) -> None:
    make(tmp_path / ".data", "a.jpg")
    assert below(tmp_path / ".data") == ["a.jpg"]


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    make(tmp_path, "elsewhere/x/1.jpg", "root/a.jpg")
    (tmp_path / "root/b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root/c.jpg").symlink_to(tmp_path / "elsewhere/x/1.jpg")
    assert below(tmp_path / "root") == ["a.jpg", "b/x/1.jpg", "c.jpg"]


def test_links_to_a_parent_folder_are_not_followed(tmp_path: Path) -> None:
    make(tmp_path, "a/b/1.jpg", "a/2.jpg", "c/3.jpg")
    (tmp_path / "a/b/up").symlink_to(tmp_path / "a")
    (tmp_path / "a/self").symlink_to(".")
    (tmp_path / "c/top").symlink_to(tmp_path)
    assert below(tmp_path) == ["a/2.jpg", "a/b/1.jpg", "c/3.jpg"]


def test_folders_that_link_to_each_other_terminate(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "b/2.jpg")
    (tmp_path / "a/to_b").symlink_to(tmp_path / "b")
    (tmp_path / "b/to_a").symlink_to(tmp_path / "a")
    assert below(tmp_path) == ["a/1.jpg", "a/to_b/2.jpg", "b/2.jpg", "b/to_a/1.jpg"]


def test_broken_links_are_yielded(tmp_path: Path) -> None:
    (tmp_path / "lost.jpg").symlink_to(tmp_path / "missing")
    (tmp_path / "round.jpg").symlink_to("round.jpg")
    assert below(tmp_path) == ["lost.jpg", "round.jpg"]


def test_pipes_are_skipped(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "b.jpg")
    assert below(tmp_path) == ["a.jpg"]


def test_deep_folders_do_not_hit_the_recursion_limit(tmp_path: Path) -> None:
    deep = os.path.join(*["d"] * 300, "x.jpg")
    make(tmp_path, deep)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        assert below(tmp_path) == [deep]
    finally:
        sys.setrecursionlimit(limit)


def test_only_folders_on_the_path_are_listed(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "b/2.jpg")
    walking = walk(str(tmp_path))
    next(walking)
    make(tmp_path, "b/3.jpg")  # b has not been looked at yet
    assert [os.path.basename(path) for path in walking] == ["2.jpg", "3.jpg"]


def test_the_empty_root_is_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a/1.jpg")
    monkeypatch.chdir(tmp_path)
    assert list(walk("")) == [os.path.join("a", "1.jpg")]


def test_names_that_are_not_utf8_survive(tmp_path: Path) -> None:
    raw = os.path.join(os.fsencode(tmp_path), b"caf\xe9.jpg")
    with open(raw, "wb"):
        pass
    assert [os.fsencode(path) for path in walk(str(tmp_path))] == [raw]


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    # A path that is too long fails for root as well.
    with pytest.raises(NoImagesError, match=r"too long\b.*\bremove it from the inputs"):
        list(walk(str(tmp_path / ("x" * 300))))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jpg", ["1.jpg"]),
        ("*/*.jpg", ["a/2.jpg"]),
        ("**/*.jpg", ["1.jpg", "a/2.jpg", "a/b/3.jpg", "c/d/4.jpg"]),
        ("**", ["1.jpg", "a/2.jpg", "a/2.txt", "a/b/3.jpg", "c/d/4.jpg"]),
        ("a/**/*.jpg", ["a/2.jpg", "a/b/3.jpg"]),
        ("**/b/*", ["a/b/3.jpg"]),
        ("[ab]", ["a/2.jpg", "a/2.txt", "a/b/3.jpg"]),
        ("**/b", ["a/b/3.jpg"]),
        ("?/*.txt", ["a/2.txt"]),
        ("*.png", []),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    make(tmp_path, "1.jpg", "a/2.jpg", "a/2.txt", "a/b/3.jpg", "c/d/4.jpg")
    assert below(tmp_path, *pattern.split("/")) == expected


def test_folders_that_cannot_match_are_not_entered() -> None:
    with open_folder() as root:
        make(root, "a/1.jpg", "b/2.jpg")
        (root / "b").chmod(0)
        with without_the_rights_of_root():
            assert below(root, "a", "*") == ["a/1.jpg"]
            with pytest.raises(NoImagesError, match=r"/b: cannot list this folder"):
                below(root, "*", "*")


def test_random_trees_match_the_glob_module(tmp_path: Path) -> None:
    generator = random.Random(0)
    for _ in range(80):
        parts = generator.choices(["a", "b", "ab", "a-b", "c"], k=generator.randint(0, 3))
        make(tmp_path, os.path.join(*parts, generator.choice("xyz") + ".jpg"))
    for pattern in ["**/*.jpg", "a*/**/x.jpg", "**/b/**/*.jpg", "*/[!b]*/y.jpg", "**/**/z.jpg"]:
        reference = {
            os.path.relpath(path, tmp_path)
            for path in glob.glob(str(tmp_path / pattern), recursive=True)
        }
        found = below(tmp_path, *pattern.split("/"))
        assert found == sorted(reference, key=lambda path: path.split(os.sep))
        assert found
