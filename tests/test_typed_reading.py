"""Reading JSON, TOML and text into dataclasses: accepted values and error messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pytest

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.typed_reading import parse_document, read_record, read_text, require_choices


@dataclass(frozen=True)
class Point:
    x: float
    y: float


@dataclass(frozen=True)
class Everything:
    flag: bool
    count: int
    text: str
    color: Literal["red", "blue"]
    corner: Point | None
    pair: tuple[float, float]
    path: tuple[Point, ...]
    options: Mapping[str, bool | int | float | str]


POINT = {"x": 1.5, "y": 2}
VALID = {
    "flag": True,
    "count": 3,
    "text": "a",
    "color": "red",
    "corner": POINT,
    "pair": [1, 2.5],
    "path": [POINT, POINT],
    "options": {"a": True, "b": 1, "c": 0.5, "d": "x"},
}


def test_every_kind_of_value_is_read_into_its_type() -> None:
    read = read_record(Everything, VALID)
    corner = Point(1.5, 2.0)
    options = {"a": True, "b": 1, "c": 0.5, "d": "x"}
    assert read == Everything(True, 3, "a", "red", corner, (1.0, 2.5), (corner, corner), options)
    assert [type(value) for value in read.options.values()] == [bool, int, float, str]
    assert type(read.pair[0]) is float


def test_an_optional_value_may_be_null_and_a_list_may_be_empty() -> None:
    read = read_record(Everything, VALID | {"corner": None, "path": []})
    assert read.corner is None
    assert read.path == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flag": 1}, "flag: expected true or false, got 1"),
        ({"count": True}, "count: expected a whole number, got True"),
        ({"count": 1.0}, "count: expected a whole number, got 1.0"),
        ({"text": ""}, "text: expected a text that is not empty, got ''"),
        ({"text": None}, "text: expected a text that is not empty, got None"),
        ({"color": "green"}, "color: expected one of 'red', 'blue', got 'green'"),
        ({"corner": 5}, "corner: expected an object, got 5"),
        ({"corner": {"x": 1.0}}, "corner: y: missing key"),
        ({"corner": POINT | {"z": 1}}, "corner: z: unknown key; known are x, y"),
        ({"corner": {"x": "1", "y": 2}}, "corner: x: expected a finite number, got '1'"),
        ({"corner": {"x": True, "y": 2}}, "corner: x: expected a finite number, got True"),
        ({"corner": {"x": 10**400, "y": 2}}, "corner: x: expected a finite number"),
        ({"pair": [1]}, "pair: expected a list of 2"),
        ({"pair": {"0": 1}}, "pair: expected a list, got"),
        ({"path": [POINT, {}]}, "path: 1: x: missing key"),
        ({"options": {"a": None}}, "options: a: expected true or false or a whole number or"),
        ({"options": []}, r"options: expected an object, got \[\]"),
        ({"more": 1}, "more: unknown key"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{message}"):
        read_record(Everything, VALID | change)


@pytest.mark.parametrize("key", VALID)
def test_a_missing_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{key}: missing key"):
        read_record(Everything, {name: value for name, value in VALID.items() if name != key})


def test_a_given_field_may_not_come_from_the_object_too() -> None:
    assert read_record(Point, {"y": 2.0}, x=1.0) == Point(1.0, 2.0)
    with pytest.raises(InvalidInputError, match=r"^x: unknown key"):
        read_record(Point, POINT, x=1.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "invalid JSON"),
        ("{", "invalid JSON"),
        ("[" * 100_000, "invalid JSON"),
        ('{"schema": 1, "a": NaN}', "NaN is not finite"),
        ('{"schema": 1, "a": -Infinity}', "-Infinity is not finite"),
        ('{"schema": 1, "a": 1e999}', "1e999 is not finite"),
        ('{"schema": 1, "a": {"b": 1, "b": 2}}', "duplicate key"),
        ("[]", "expected an object"),
        ("{}", "schema: expected 1, got None"),
        ('{"schema": 2}', "schema: expected 1, got 2; a file with another number"),
        ('{"schema": true}', "schema: expected 1, got True"),
    ],
)
def test_a_document_that_is_not_strict_json_of_this_schema_is_refused(
    text: str, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        parse_document(text)


def test_a_document_is_returned_without_its_schema() -> None:
    assert parse_document('{"schema": 1, "a": [0.5]}') == {"a": [0.5]}


@dataclass(frozen=True)
class Grown:
    old: int
    new: float = field(default=0.5, metadata={"added_later": True})
    plain: int = 3


def test_a_field_that_was_added_later_may_be_missing_and_no_other() -> None:
    assert read_record(Grown, {"old": 1, "plain": 2}) == Grown(1, 0.5, 2)
    assert read_record(Grown, {"old": 1, "plain": 2, "new": 4}) == Grown(1, 4.0, 2)
    with pytest.raises(InvalidInputError, match=r"^plain: missing key"):
        read_record(Grown, {"old": 1})
    with pytest.raises(InvalidInputError, match=r"^new: expected a finite number"):
        read_record(Grown, {"old": 1, "plain": 2, "new": "much"})


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (bool, "TRUE", True),
        (int, "12", 12),
        (float, "8e-4", 8e-4),
        (str, "a=b", "a=b"),
        (int | None, "none", None),
        (bool | int | float | str, "0.5", 0.5),
        (bool | int | float | str, "false", False),
        (bool | int | float | str, "gem", "gem"),
        (Literal["red", "blue"], "RED", "red"),
        (tuple[int, ...], "1, 2,3", (1, 2, 3)),
        (tuple[int, ...], "", ()),
        (tuple[float, float], "0.1,0.2", (0.1, 0.2)),
    ],
)
def test_text_is_read_as_the_annotated_type(kind: object, text: str, value: object) -> None:
    found = read_text(kind, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (bool, "1", "true or false"),
        (int, "1.5", "a whole number"),
        (float, "much", "a number"),
        (int | None, "x", "a whole number or none"),
        (Literal["red", "blue"], "green", "red or blue"),
        (tuple[float, float], "1", "2 values separated by commas"),
        (dict, "x", "cannot be written as text"),
    ],
)
def test_text_of_another_type_is_refused_with_what_is_allowed(
    kind: object, text: str, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read_text(kind, text)


@dataclass(frozen=True)
class Paint:
    color: Literal["red", "blue"]
    amount: int = 1


def test_choices_are_checked_by_annotation() -> None:
    require_choices(Paint("blue", 3))
    with pytest.raises(UnknownNameError, match=r"Unknown color 'blu'.*Did you mean 'blue'"):
        require_choices(Paint("blu"))  # type: ignore[arg-type]
