"""CSV text, read back by Python's csv."""

import csv
import io

import pytest

from reid_align.csv_text import csv_text


@pytest.mark.parametrize(
    "cell", ["a\rb", "a\nb", "a\r\nb", "\r", 'a"b', "a,b", " a ", "=1", "é\udce9", "'", "", "\t"]
)
def test_cells_survive(cell: str) -> None:
    text = csv_text([("path", "row"), (cell, 1), (cell, None)])
    assert text.endswith("\n")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows == [["path", "row"], [cell, "1"], [cell, ""]]


def test_simple_rows_are_not_quoted() -> None:
    assert csv_text([("a b", 1.5), ("c", 2)]) == "a b,1.5\nc,2\n"
