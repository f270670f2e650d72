"""Images found for each kind of input."""

import gc
import io
import os
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image
from unprivileged import open_folder, without_the_rights_of_root

from reid_align.errors import InvalidInputError, NoImagesError
from reid_align.images import find_images

IN_CROPS = ["a/10.png", "a/2.PNG", "a/crop", "a/crop.image", "b.jpg", "broken.jpg"]


@pytest.fixture
def crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fill ``crops`` in the current folder with images and other files; return the images."""
    folder = tmp_path / "crops"
    (folder / "a").mkdir(parents=True)
    for name in ["b.jpg", "a/2.PNG", "a/10.png", "a/crop", "a/crop.image", "._b.jpg"]:
        Image.new("RGB", (3, 2)).save(folder / name, "PNG")
    for name in ["broken.jpg", "Thumbs.db", "feats.csv", "a/notes.txt"]:
        (folder / name).write_text("text")
    (folder / "a/empty").touch()
    monkeypatch.chdir(tmp_path)
    return [os.path.join("crops", *name.split("/")) for name in IN_CROPS]


def test_closed_standard_input_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(NoImagesError, match="standard input is closed"):
        find_images(["-"])


def test_a_folder_gives_only_its_images(crops: list[str]) -> None:
    assert list(find_images(["crops"])) == crops
    assert list(find_images([Path("crops")])) == crops
    assert list(find_images(["crops" + os.sep])) == crops


def test_paths_start_with_the_input(crops: list[str]) -> None:
    assert list(find_images(["."])) == [os.path.join(".", path) for path in crops]
    here = os.getcwd()
    assert list(find_images([here])) == [os.path.join(here, path) for path in crops]


def test_the_order_is_reproducible(crops: list[str]) -> None:
    found = find_images(["crops", "-", "crops/*"], stdin=io.BytesIO(b"x.jpg\ny.jpg\n"))
    first = list(found)
    assert first == [*crops, "x.jpg", "y.jpg", *crops]
    assert list(found) == first
    assert [pair[0] for pair in zip(found, found, strict=True)] == first


def test_inputs_keep_their_order_and_can_repeat(crops: list[str]) -> None:
    inputs = ["crops/b.jpg", "crops/a", "crops/b.jpg"]
    assert list(find_images(inputs)) == [crops[4], *crops[:4], crops[4]]


@pytest.mark.parametrize("name", ["feats.csv", "Thumbs.db", "._b.jpg", "broken.jpg", "a/empty"])
def test_a_file_is_accepted_with_any_name_and_content(crops: list[str], name: str) -> None:
    assert list(find_images([f"crops/{name}"])) == [f"crops/{name}"]


def test_files_in_a_list_are_not_checked(crops: list[str]) -> None:
    Path("List.TXT").write_bytes(b"\xef\xbb\xbfcrops/b.jpg\r\n\r\nmissing.jpg\r\n")
    assert list(find_images(["List.TXT"])) == ["crops/b.jpg", "missing.jpg"]


def test_a_list_on_standard_input_can_be_separated_by_nul(crops: list[str]) -> None:
    found = find_images(["-"], stdin=io.BytesIO(b"a\nb.jpg\0c.jpg\0"))
    assert list(found) == ["a\nb.jpg", "c.jpg"]


def test_the_default_stream_is_sys_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a.jpg\n")))
    assert list(find_images(["-"])) == ["a.jpg"]


def test_the_copy_of_standard_input_is_closed_with_its_owner() -> None:
    found = find_images(["-"], stdin=io.BytesIO(b"a.jpg\n" * 400_000))
    assert sum(1 for _ in found) == 400_000
    del found
    gc.collect()  # an open file would raise a ResourceWarning here


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("crops/*.jpg", [4, 5]),
        ("crops/**/*.png", [0]),
        ("crops/**/*.[pP]*", [0, 1]),
        ("crops/**/crop*", [2, 3]),
        ("crops/*", [0, 1, 2, 3, 4, 5]),
        ("crops/**", [0, 1, 2, 3, 4, 5]),
        ("**", [0, 1, 2, 3, 4, 5]),
        ("./cr?ps/a", [0, 1, 2, 3]),
        ("cr*", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_a_pattern_gives_matching_images(
    crops: list[str], pattern: str, expected: list[int]
) -> None:
    assert list(find_images([pattern])) == [crops[i] for i in expected]
    absolute = os.path.join(os.getcwd(), pattern.removeprefix("./"))
    assert list(find_images([absolute])) == [os.path.abspath(crops[i]) for i in expected]


def test_a_file_named_like_a_pattern_is_that_file(crops: list[str]) -> None:
    Path("crops/[b].jpg").touch()
    assert list(find_images(["crops/[b].jpg"])) == ["crops/[b].jpg"]


def test_names_that_are_not_utf8_survive(crops: list[str]) -> None:
    os.rename(b"crops/b.jpg", b"crops/caf\xe9.jpg")
    found = [os.fsencode(path) for path in find_images(["crops", "crops/caf*"])]
    assert found.count(b"crops/caf\xe9.jpg") == 2


def test_images_are_found_lazily(crops: list[str]) -> None:
    found = iter(find_images(["crops", "missing"]))
    assert list(islice(found, len(crops))) == crops
    with pytest.raises(NoImagesError):
        next(found)


def test_empty_inputs_are_refused() -> None:
    with pytest.raises(NoImagesError, match=r"No input given\. Give a folder"):
        find_images([])


@pytest.mark.parametrize("lone", ["crops", Path("crops")])
def test_a_single_path_is_refused(lone: str) -> None:
    with pytest.raises(InvalidInputError, match=r"single path, .*crops.*Give a list"):
        find_images(lone)


@pytest.mark.parametrize("name", ["missing", "missing.jpg", "missing.txt", "", "a\0b"])
def test_a_missing_input_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(NoImagesError, match=r"no such file or folder\. Give a folder") as caught:
        list(find_images([name]))
    assert str(caught.value).startswith(f"{name!r}:")


def test_a_folder_without_images_counts_other_files(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    (folder / "inner").mkdir(parents=True)
    with pytest.raises(NoImagesError, match=r"results: .* contains no image, and no other file"):
        list(find_images([folder]))
    (folder / "inner/feats.csv").touch()
    (folder / "feats.json").touch()
    (folder / ".a.jpg").touch()
    with pytest.raises(NoImagesError, match=r"no image, only 2 other files .* JPEG, PNG"):
        list(find_images([folder]))


@pytest.mark.parametrize("pattern", ["crops/*.tif", "missing/*", "crops/b.jpg/*", "[x"])
def test_a_pattern_without_matches_is_named(crops: list[str], pattern: str) -> None:
    with pytest.raises(NoImagesError, match=r"this pattern matches no image, and no") as caught:
        list(find_images([pattern]))
    assert str(caught.value).startswith(pattern)


def test_a_pattern_that_matches_other_files_counts_them(crops: list[str]) -> None:
    with pytest.raises(NoImagesError, match=r"matches no image, only 1 other files"):
        list(find_images(["crops/*.csv"]))


def test_an_empty_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("\n")
    with pytest.raises(NoImagesError, match=r"list\.txt: .* is empty"):
        list(find_images([path]))
    with pytest.raises(NoImagesError, match=r"standard input: .* is empty"):
        list(find_images(["-"], stdin=io.BytesIO(b"")))


def test_an_unreadable_folder_or_list_is_named() -> None:
    with open_folder() as folder:
        for closed in ("folder", "list.txt"):
            path = folder / closed
            path.touch() if path.suffix else path.mkdir()
            path.chmod(0)
            with (
                without_the_rights_of_root(),
                pytest.raises(NoImagesError, match=rf"{closed}: .*annot .*Permission denied"),
            ):
                list(find_images([path]))
