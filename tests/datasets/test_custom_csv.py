import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from dataset_trees import touch

from reid_align.datasets import ImageRecord, load_dataset
from reid_align.errors import DatasetFormatError, DatasetNotFoundError

Write = Callable[..., Path]
FILES = ["a/1.jpg", "a/2.jpg", "b/3.jpg", "b/4.jpg", "c/5.jpg"]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    touch(tmp_path, FILES)

    def write_csv(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "list.csv"
        path.write_text(text, encoding=encoding)
        return path

    return write_csv


def rows(records: Iterable[ImageRecord], root: Path) -> list[tuple[str, int, int | None]]:
    return [(os.path.relpath(r.path, root), r.person_id, r.camera_id) for r in records]


def test_splits_identities_and_cameras_are_read(write: Write, tmp_path: Path) -> None:
    path = write(
        "path,person_id,camera_id,split\n"
        "c/5.jpg,zoe,3,train\nb/4.jpg,bert,10,gallery\nb/3.jpg,bert,3,query\n"
        "a/2.jpg,anna,3,gallery\na/1.jpg,anna,10,query\n"
    )
    dataset = load_dataset("csv", path)
    assert dataset.root == str(tmp_path)
    assert dataset.protocol == "cross_camera"
    (split,) = dataset.splits
    # Texts are numbered in sorted order: anna bert zoe, and "10" before "3".
    assert rows(dataset.train, tmp_path) == [("c/5.jpg", 2, 1)]
    assert rows(split.query, tmp_path) == [("a/1.jpg", 0, 0), ("b/3.jpg", 1, 1)]
    assert rows(split.gallery, tmp_path) == [("a/2.jpg", 0, 1), ("b/4.jpg", 1, 0)]


def test_without_split_every_image_is_query_and_gallery(write: Write, tmp_path: Path) -> None:
    path = write("person_id,path\n7,b/3.jpg\n7,a/1.jpg\n8,a/2.jpg\n")
    dataset = load_dataset("csv", path)
    assert dataset.protocol == "all_images"
    assert dataset.train == ()
    (split,) = dataset.splits
    assert split.query == split.gallery
    expected = [("a/1.jpg", 0, None), ("a/2.jpg", 1, None), ("b/3.jpg", 0, None)]
    assert rows(split.query, tmp_path) == expected


def test_training_images_alone_make_a_dataset(write: Write) -> None:
    dataset = load_dataset("csv", write("path,person_id,split\na/1.jpg,1,train\n"))
    assert len(dataset.train) == 1
    assert dataset.splits == ()


def test_one_image_may_be_both_query_and_gallery(write: Write) -> None:
    path = write("path,person_id,split\na/1.jpg,1,query\na/1.jpg,1,gallery\n")
    (split,) = load_dataset("csv", path).splits
    assert split.query == split.gallery


def test_absolute_paths_are_kept(write: Write, tmp_path: Path) -> None:
    path = write(f"path,person_id\n{tmp_path / 'a/1.jpg'},1\na/2.jpg,1\n")
    (split,) = load_dataset("csv", path).splits
    assert rows(split.query, tmp_path) == [("a/1.jpg", 0, None), ("a/2.jpg", 0, None)]


def test_spreadsheet_formatting_is_accepted(write: Write) -> None:
    text = 'path, person_id\r\n"a/1.jpg", "Ålund, B"\r\n\r\na/2.jpg, 2\r\n'
    (split,) = load_dataset("csv", write(text, "utf-8-sig")).splits
    assert [record.person_id for record in split.query] == [1, 0]


def test_junk_is_left_out(write: Write, tmp_path: Path) -> None:
    path = write("path,person_id\na/1.jpg,-1\na/2.jpg,5\nb/3.jpg,4\n")
    (split,) = load_dataset("csv", path).splits
    assert rows(split.gallery, tmp_path) == [("a/2.jpg", 1, None), ("b/3.jpg", 0, None)]


def test_name_that_is_not_utf8_opens_the_file_it_names(tmp_path: Path) -> None:
    name = b"caf\xe9.jpg"
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
        file.write(b"image")
    (tmp_path / "list.csv").write_bytes(b"path,person_id\n" + name + b",1\n")
    (split,) = load_dataset("csv", tmp_path / "list.csv").splits
    with open(split.query[0].path, "rb") as file:
        assert file.read() == b"image"
    (tmp_path / "list.csv").write_bytes(b"path,person_id\nno" + name + b",1\n")
    with pytest.raises(DatasetFormatError, match=r"the first is .*/nocaf\\xe9.jpg"):
        load_dataset("csv", tmp_path / "list.csv")


@pytest.mark.parametrize(
    "header",
    [
        "path,person",
        "person_id",
        "path,person_id,cam",
        "path;person_id",
        "path,person_id,path",
        "path,person_id,notes,split",
        "",
    ],
)
def test_columns_that_are_missing_unknown_or_repeated_are_refused(
    write: Write, header: str
) -> None:
    with pytest.raises(DatasetFormatError, match=r"list.csv starts with the columns .* rename or"):
        load_dataset("csv", write(f"{header}\na/1.jpg,1,1,1\n"))


@pytest.mark.parametrize("row", ["a/1.jpg", "a/1.jpg,1,query,x", ",1,query", "a/1.jpg,,query"])
def test_row_with_too_few_too_many_or_empty_values_is_named_with_its_line(
    write: Write, row: str
) -> None:
    with pytest.raises(DatasetFormatError, match=r"list.csv:3 has the values .* must not be empty"):
        load_dataset("csv", write(f"path,person_id,split\na/2.jpg,1,query\n{row}\n"))


@pytest.mark.parametrize("split", ["", "test", "Query"])
def test_unknown_split_is_named_with_its_line(write: Write, split: int | str) -> None:
    with pytest.raises(
        DatasetFormatError, match=rf"list.csv:2 has the split '{split}': give one of"
    ):
        load_dataset("csv", write(f"path,person_id,split\na/2.jpg,1,{split}\n"))


def test_missing_images_are_counted_and_the_first_is_named(write: Write) -> None:
    path = write("path,person_id\na/2.jpg,1\nx.jpg,1\ny.jpg,1\n")
    said = "2 of the 3 images in .*list.csv are missing, the first is .*/x.jpg"
    with pytest.raises(DatasetFormatError, match=said):
        load_dataset("csv", path)


def test_camera_of_some_images_only_is_refused(write: Write) -> None:
    path = write("path,person_id,camera_id\na/2.jpg,1,1\nb/3.jpg,1,\nb/4.jpg,1,2\n")
    with pytest.raises(
        DatasetFormatError, match=r"2 of 3 images have a camera_id, but .*b/3.jpg has n"
    ):
        load_dataset("csv", path)


@pytest.mark.parametrize(
    ("part", "counts"), [("query", "1 query and 0"), ("gallery", "0 query and 1")]
)
def test_query_without_gallery_or_the_reverse_is_refused(
    write: Write, part: str, counts: tuple[int, ...]
) -> None:
    with pytest.raises(DatasetFormatError, match=rf"list.csv has {counts} gallery images"):
        load_dataset("csv", write(f"path,person_id,split\na/2.jpg,1,{part}\n"))


def test_image_listed_twice_is_refused(write: Write) -> None:
    path = write("path,person_id\na/2.jpg,1\na/1.jpg,1\na/2.jpg,3\n")
    with pytest.raises(DatasetFormatError, match=r"list.csv lists .*a/2.jpg 2 times"):
        load_dataset("csv", path)


@pytest.mark.parametrize("rows", ["", "a/1.jpg,-1\n"])
def test_list_without_identities_is_refused(write: Write, rows: str) -> None:
    with pytest.raises(DatasetFormatError, match=r"list.csv has no image with an identity"):
        load_dataset("csv", write("path,person_id\n" + rows))


def test_unclosed_quote_is_refused(write: Write) -> None:
    with pytest.raises(
        DatasetFormatError, match=r"list.csv is not a valid CSV file: unexpected end of data"
    ):
        load_dataset("csv", write('path,person_id\n"a/1.jpg,1\n'))


def test_missing_file_is_called_a_csv_file(write: Write, tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError) as error:
        load_dataset("csv", tmp_path / "lost.csv")
    assert str(error.value).endswith("no such file or folder. Pass the path of the CSV file.")


def test_folder_instead_of_a_csv_file_is_refused(write: Write, tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match=r"expected a CSV file, found a/, b/, c/"):
        load_dataset("csv", tmp_path)
