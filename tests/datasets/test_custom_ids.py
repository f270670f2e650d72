"""Ids of custom datasets: numbers that a pattern cuts, and two spellings of one id."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from dataset_trees import touch

from reid_align.datasets import load_dataset
from reid_align.errors import DatasetFormatError

UNANCHORED = r"(?P<person_id>\d+)_c(?P<camera_id>\d)"
WHOLE = r"(?P<person_id>-?\d+)_c(?P<camera_id>\d+)"


def load_names(folder: Path, names: Sequence[str], pattern: str) -> object:
    touch(folder, names)
    return load_dataset("folder", folder, pattern=pattern)


@pytest.mark.parametrize(
    ("name", "pattern", "message"),
    [
        ("7_c10.jpg", UNANCHORED, r"camera_id '1', which is a part of '10'"),
        ("-1_c1.jpg", UNANCHORED, r"person_id '1', which is a part of '-1'"),
        ("x_-1_c1.jpg", r".*?(?P<person_id>\d+)_c", r"person_id '1', which is a part of '-1'"),
        ("12341_c1.jpg", r"(?P<person_id>\d{4})", r"person_id '1234', which is a part of '12341'"),
        ("12341_c1.jpg", r"(?P<person_id>\d{4})_", r"person_id '2341', which is a part of '12341'"),
        ("-12_c1.jpg", r"(?P<person_id>\d)_", r"person_id '2', which is a part of '-12'"),
        ("a/3_c12s1.jpg", r"(?P<person_id>\d)_c\d(?P<camera_id>\d)", r"camera_id '2', .* of '12'"),
        ("person-1_c2.jpg", WHOLE, r"person_id '-1', which is a part of 'person-1'"),
    ],
)
def test_pattern_that_cuts_a_number_is_refused(
    tmp_path: Path, name: str, pattern: str, message: str
) -> None:
    with pytest.raises(DatasetFormatError, match=message) as error:
        load_names(tmp_path, [name], pattern)
    assert f"in {name} the pattern" in str(error.value)


@pytest.mark.parametrize(
    ("names", "pattern", "ids"),
    [
        (["-1_c1.jpg", "7_c1.jpg", "7_c10.jpg", "7_c2.jpg"], WHOLE, [(0, 0), (0, 1), (0, 2)]),
        (["person-12_cam-3.jpg"], r"person-(?P<person_id>\d+)_cam-(?P<camera_id>\d+)", [(0, 0)]),
        (["0002_c1s1_000451_03.jpg"], rf"^{WHOLE}", [(0, 0)]),
        (["12a/x.jpg", "12b/x.jpg"], r"(?P<person_id>[^/]+)/", [(0, None), (1, None)]),
    ],
)
def test_whole_numbers_are_read(
    tmp_path: Path, names: list[str], pattern: str, ids: list[tuple[int, int | None]]
) -> None:
    (split,) = load_names(tmp_path, names, pattern).splits
    assert [(record.person_id, record.camera_id) for record in split.query] == ids


def load_rows(folder: Path, header: str, rows: Sequence[str]) -> object:
    touch(folder, [f"{number}.jpg" for number in range(len(rows))])
    lines = [header, *(f"{number}.jpg,{row}" for number, row in enumerate(rows))]
    (folder / "list.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_dataset("csv", folder / "list.csv")


def test_spaces_around_cells_are_removed(tmp_path: Path) -> None:
    dataset = load_rows(
        tmp_path,
        "path , person_id , camera_id, split ",
        [" 5 ,0 ,query", "5,\t1,gallery ", "-1 , 0,gallery", "5\u00a0,0, gallery"],
    )
    (split,) = dataset.splits
    assert [(r.person_id, r.camera_id) for r in split.query] == [(0, 0)]
    assert [(r.person_id, r.camera_id) for r in split.gallery] == [(0, 1), (0, 0)]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("0", "0.0"),
        ("1", "01"),
        ("10", "1e1"),
        ("7", "+7"),
        ("3", "\uff13"),
        ("0", "-0"),
        ("5", "\u200b5"),
    ],
)
@pytest.mark.parametrize("column", ["person_id", "camera_id"])
def test_two_spellings_of_one_number_are_refused(
    tmp_path: Path, column: str, one: str, two: str
) -> None:
    rows = [f"{one},x", f"{two},x"] if column == "person_id" else [f"x,{one}", f"x,{two}"]
    with pytest.raises(DatasetFormatError, match=rf"the {column} '.*0\.jpg.*are the same number"):
        load_rows(tmp_path, "path,person_id,camera_id", rows)


@pytest.mark.parametrize("text", ["-1.0", "-01", "\u22121", "-1e0", "-1."])
@pytest.mark.parametrize("column", ["person_id", "camera_id"])
def test_minus_one_in_another_spelling_is_refused(tmp_path: Path, column: str, text: str) -> None:
    row = f"{text},x" if column == "person_id" else f"x,{text}"
    with pytest.raises(DatasetFormatError, match=rf"0\.jpg has the {column} .*Write -1\."):
        load_rows(tmp_path, "path,person_id,camera_id", [row])


def test_texts_that_are_not_numbers_are_ids(tmp_path: Path) -> None:
    names = ["1_0", "10", "nan", "NaN", "inf", "Infinity", "anna", "Anna", "1a", "01a"]
    dataset = load_rows(tmp_path, "path,person_id", names)
    assert len({record.person_id for record in dataset.splits[0].query}) == len(names)


def test_two_spellings_in_a_pattern_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetFormatError, match=r"'1' of .* and '01' of .* are the same number"):
        load_names(tmp_path, ["01_c1.jpg", "1_c2.jpg", "2_c1.jpg"], WHOLE)
