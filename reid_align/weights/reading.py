"""Strict reading of JSON into dataclasses: every key there, none unknown, each of its type."""

import json
import math
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import TYPE_CHECKING, Literal, NoReturn, TypeVar, get_args, get_origin, get_type_hints

from reid_align.errors import InvalidInputError
from reid_align.preprocess import ADDED_LATER

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

SCHEMA = 1
EXACT = 2**53  # up to here a float holds every whole number
SCALARS: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "a text that is not empty",
    type(None): "null",
}


def parse_document(text: str) -> dict[str, object]:
    """Parse one of our JSON documents and return its keys without ``schema``.

    Raises:
        InvalidInputError: the text is no JSON object, repeats a key, holds a number that is not
            finite, or has another ``schema`` than this version reads.
    """
    try:
        document = json.loads(
            text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite
        )
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"this is no valid JSON: {error}") from error
    entries = dict(read_object(document))
    schema = entries.pop("schema", None)
    if type(schema) is not int or schema != SCHEMA:
        raise InvalidInputError(
            f"schema: expected {SCHEMA}, got {reprlib.repr(schema)}; "
            "a file with another number was written by another version of reid_align"
        )
    return entries


def read_record(record: type[T], value: object, **given: object) -> T:
    """Build a dataclass from a JSON object whose keys are the names of its fields.

    Args:
        record: the dataclass; its fields may be dataclasses, Literals, unions, tuples and
            mappings of these, and scalars. Fields marked `ADDED_LATER` have their
            default where an older file does not name them.
        value: the parsed JSON.
        given: fields that do not come from the object and may not be in it.

    Raises:
        InvalidInputError: the value does not fit; the text starts with the path of the key.
    """
    kinds = get_type_hints(record)
    names = [field.name for field in fields(record) if field.name not in given]
    entries = read_object(value)
    if unknown := sorted(set(entries) - set(names)):
        raise InvalidInputError(f"{unknown[0]}: unknown key; known are {', '.join(names)}")
    later = {field.name for field in fields(record) if field.metadata == ADDED_LATER}
    if missing := [name for name in names if name not in entries and name not in later]:
        raise InvalidInputError(f"{missing[0]}: missing key")
    values = {name: _at(name, kinds[name], entries[name]) for name in names if name in entries}
    build: Callable[..., T] = record
    return build(**values, **given)


def read_object(value: object) -> Mapping[str, object]:
    """Return a parsed JSON value that must be an object.

    Raises:
        InvalidInputError: it is something else.
    """
    if not isinstance(value, dict):
        raise InvalidInputError(f"expected an object, got {reprlib.repr(value)}")
    return value


def _at(place: str, kind: object, value: object) -> object:
    """Read one value, and put its place in front of what may be wrong with it."""
    try:
        return _read(kind, value)
    except InvalidInputError as error:
        raise InvalidInputError(f"{place}: {error}") from error


def _read(kind: object, value: object) -> object:
    """Dispatch on the annotation of a field."""
    origin, parts = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        return read_record(kind, value)
    if origin is Literal:
        return value if value in parts else _refuse("one of " + ", ".join(map(repr, parts)), value)
    if origin is UnionType:
        return _read_union(parts, value)
    if origin is tuple:
        return _read_tuple(parts, value)
    if origin is Mapping:
        return {key: _at(key, parts[1], item) for key, item in read_object(value).items()}
    return _read_scalar(kind, value)


def _read_union(kinds: tuple[object, ...], value: object) -> object:
    """Read one of several scalars, or something optional."""
    if type(value) in kinds:
        return None if value is None else _read_scalar(type(value), value)
    if structured := [kind for kind in kinds if kind not in SCALARS]:
        return _read(structured[0], value)
    _refuse(" or ".join(SCALARS[kind] for kind in kinds), value)


def _read_tuple(kinds: tuple[object, ...], value: object) -> tuple[object, ...]:
    """Read ``tuple[X, ...]`` or a tuple of fixed length."""
    if not isinstance(value, list):
        _refuse("a list", value)
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(value) != len(kinds):
        _refuse(f"a list of {len(kinds)}", value)
    pairs = zip(kinds, value, strict=True)
    return tuple(_at(str(index), kind, item) for index, (kind, item) in enumerate(pairs))


def _read_scalar(kind: object, value: object) -> object:
    """Read a bool, int, float or str; True is no number, and a whole number may be a float."""
    if kind is float and type(value) is int and abs(value) <= EXACT:
        return float(value)
    if type(value) is kind and value != "":
        return value
    _refuse(SCALARS[kind], value)


def _refuse(expected: str, value: object) -> NoReturn:
    raise InvalidInputError(f"expected {expected}, got {reprlib.repr(value)}")


def _finite(text: str) -> float:
    """Read a number with a fraction or exponent, or one of the constants NaN and Infinity."""
    number = float(text)
    if not math.isfinite(number):
        raise InvalidInputError(f"{text} is not finite")
    return number


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build a JSON object, and refuse one that names a key twice."""
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise InvalidInputError("an object names a key twice")
    return entries
