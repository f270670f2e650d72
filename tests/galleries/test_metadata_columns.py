"""Types of metadata: values, changed types, names, and texts of CSV files."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from reid_align.errors import InvalidInputError
from reid_align.galleries.metadata_columns import metadata_columns
from reid_align.galleries.typed_texts import typed_texts

NOON = datetime(2026, 5, 1, 12)
SCHEMA = pa.schema([("path", pa.string()), ("camera", pa.int64()), ("time", pa.float64())])


def test_values_and_types() -> None:
    rows = [
        {"a": 1, "b": 2.5, "c": "x", "d": True, "e": NOON, "f": NOON.replace(tzinfo=UTC), "g": 1},
        {"a": np.int32(7), "b": float("nan"), "c": None, "d": np.bool_(False), "g": 1.5},
    ]
    columns = metadata_columns(rows, None)
    assert {name: str(array.type) for name, array in columns.items()} == {
        "a": "int64",
        "b": "double",
        "c": "string",
        "d": "bool",
        "e": "timestamp[us]",
        "f": "timestamp[us, tz=UTC]",
        "g": "double",
    }
    assert columns["a"].to_pylist() == [1, 7]
    assert columns["b"].to_pylist() == [2.5, None]
    assert columns["c"].to_pylist() == ["x", None]
    assert columns["d"].to_pylist() == [True, False]
    assert columns["e"].to_pylist() == [NOON, None]
    assert columns["g"].to_pylist() == [1.0, 1.5]


def test_a_column_without_values_has_no_type_yet() -> None:
    assert metadata_columns([{"a": None}, {"a": float("nan")}], None) == {}


def test_a_float_column_takes_integers() -> None:
    array = metadata_columns([{"time": 3}, {"time": -(2**53)}], SCHEMA)["time"]
    assert array.type == pa.float64()
    assert array.to_pylist() == [3.0, -(2.0**53)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"camera": "1"}, "'camera' has the type int in the gallery, and str in the new rows"),
        ({"camera": 1.5}, "int in the gallery, and float"),
        ({"camera": True}, "int in the gallery, and bool"),
        ({"time": "noon"}, "float in the gallery, and str"),
        ({"time": 2**53 + 1}, "too large for a column of type float"),
        ({"Camera": 1}, "exists as 'camera'"),
        ({"new": 2**70}, "'new'"),
        ({"new": [1]}, "type list in row 1"),
        ({"new": "\udcff"}, "'new'"),
        ({"path": "x"}, "not one of distance, path, vector"),
        ({"two words": 1}, "letters, digits and underscores"),
        ({"_rowid": 1}, "starts with a letter"),
    ],
)
def test_unusable_metadata_is_refused(row: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        metadata_columns([{}, row], SCHEMA)


def test_mixed_values_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"different types: 'x' \(str\), 1 \(int\)"):
        metadata_columns([{"a": 1}, {"a": "x"}], None)


def test_texts_get_one_type_per_column() -> None:
    texts = {
        "camera": ["1", "-2", None],
        "time": ["1", "2.5", "1e3"],
        "person_id": ["0002", "0011", "3"],
        "night": ["true", "False", None],
        "word": ["1", "one", None],
        "nothing": [None, None, None],
    }
    assert typed_texts(texts, {}) == {
        "camera": [1, -2, None],
        "time": [1.0, 2.5, 1000.0],
        "person_id": ["0002", "0011", "3"],
        "night": [True, False, None],
        "word": ["1", "one", None],
        "nothing": [None, None, None],
    }


def test_texts_get_the_type_of_the_gallery() -> None:
    assert typed_texts({"camera": ["1"]}, {"camera": "str"}) == {"camera": ["1"]}
    assert typed_texts({"time": ["1"]}, {"time": "float"}) == {"time": [1.0]}
    with pytest.raises(InvalidInputError, match="type int in the gallery, but contains 'c1'"):
        typed_texts({"camera": ["1", "c1"]}, {"camera": "int"})
