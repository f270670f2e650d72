"""Strict reading of JSON, TOML and text into frozen dataclasses, by their annotations.

`read_record` reads parsed JSON or TOML and `read_text` reads a setting written as text. Both raise
InvalidInputError; its message says where the value is, what is allowed and what came.
"""

import json
import math
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Literal,
    NoReturn,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from reid_align.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

SCHEMA = 1
# Metadata of a dataclass field that older files lack; it then has its default.
ADDED_LATER = {"added_later": True}
EXACT = 2**53  # largest magnitude up to which float64 holds every integer
BOOLEANS = {"true": True, "false": False}
SCALARS: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "a text that is not empty",
    NoneType: "null",
}


def parse_document(text: str) -> dict[str, object]:
    """Parse a JSON document of this package and return its keys without ``schema``.

    Raises:
        InvalidInputError: the text is not a JSON object, repeats a key, contains NaN or an infinite
            number, or has another ``schema`` than this version reads.
    """
    try:
        document = json.loads(
            text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite
        )
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"invalid JSON: {error}") from error
    entries = dict(read_object(document))
    schema = entries.pop("schema", None)
    if type(schema) is not int or schema != SCHEMA:
        raise InvalidInputError(
            f"schema: expected {SCHEMA}, got {reprlib.repr(schema)}; "
            "a file with another number was written by another version of reid_align"
        )
    return entries


def read_record(record: type[T], value: object, **given: object) -> T:
    """Build a dataclass from a JSON object with exactly the field names as keys.

    Args:
        record: the dataclass. Its fields may be scalars, Literals, dataclasses, and unions, tuples
            and mappings of these. A field with the metadata `ADDED_LATER` may be missing.
        value: the parsed JSON.
        given: fields passed by the caller; they may not occur in the object.

    Raises:
        InvalidInputError: the value does not fit; the message starts with the path of the key.
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


def read_text(kind: object, text: str) -> object:
    """Read a text as a value of an annotated type.

    Args:
        kind: bool, int, float, str, None, a Literal, a tuple of these, or a union.
        text: for example "true", "8e-4", "none" or "40,80,120".

    Raises:
        InvalidInputError: the text is no value of that type; the message is what is allowed.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _union_from_text(arguments, text)
    if origin is Literal:
        return _choice({str(value): value for value in arguments}, text)
    if origin is tuple:
        return _tuple_from_text(arguments, text)
    if kind is NoneType:
        return _choice({"none": None}, text)
    if kind is bool:
        return _choice(BOOLEANS, text)
    if kind is int or kind is float:
        return _number_from_text(kind, text)
    if kind is str:
        return text
    raise InvalidInputError(f"a value of type {kind}, which cannot be written as text")


def require_choices(settings: "DataclassInstance") -> None:
    """Check every field annotated as a Literal for one of its values.

    Raises:
        UnknownNameError: a field has another value; the message names the field and the choices.
    """
    kinds = get_type_hints(type(settings))
    for field in fields(settings):
        allowed = get_args(kinds[field.name])
        value = getattr(settings, field.name)
        if get_origin(kinds[field.name]) is Literal and value not in allowed:
            raise UnknownNameError(field.name, value, allowed)


def _at(place: str, kind: object, value: object) -> object:
    """Read one value and prefix errors with its place."""
    try:
        return _read(kind, value)
    except InvalidInputError as error:
        raise InvalidInputError(f"{place}: {error}") from error


def _read(kind: object, value: object) -> object:
    origin, parts = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        return read_record(kind, value)
    if origin is Literal:
        return value if value in parts else _refuse("one of " + ", ".join(map(repr, parts)), value)
    if origin in (Union, UnionType):
        return _read_union(parts, value)
    if origin is tuple:
        return _read_tuple(parts, value)
    if origin is Mapping:
        return {key: _at(key, parts[1], item) for key, item in read_object(value).items()}
    return _read_scalar(kind, value)


def _read_union(kinds: tuple[object, ...], value: object) -> object:
    """Read one of several scalars, or an optional structure."""
    if type(value) in kinds:
        return None if value is None else _read_scalar(type(value), value)
    if structured := [kind for kind in kinds if kind not in SCALARS]:
        return _read(structured[0], value)
    _refuse(" or ".join(SCALARS[kind] for kind in kinds), value)


def _read_tuple(kinds: tuple[object, ...], value: object) -> tuple[object, ...]:
    """Read ``tuple[X, ...]`` or a tuple of fixed length from a list."""
    if not isinstance(value, list):
        _refuse("a list", value)
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(value) != len(kinds):
        _refuse(f"a list of {len(kinds)}", value)
    pairs = zip(kinds, value, strict=True)
    return tuple(_at(str(index), kind, item) for index, (kind, item) in enumerate(pairs))


def _read_scalar(kind: object, value: object) -> object:
    """Read a bool, int, float or str; True is not a number, but a whole number may be a float."""
    if kind is float and type(value) is int and abs(value) <= EXACT:
        return float(value)
    if type(value) is kind and value != "":
        return value
    _refuse(SCALARS[kind], value)


def _refuse(expected: str, value: object) -> NoReturn:
    raise InvalidInputError(f"expected {expected}, got {reprlib.repr(value)}")


def _choice(known: Mapping[str, object], text: str) -> object:
    if text.lower() not in known:
        raise InvalidInputError(" or ".join(known))
    return known[text.lower()]


def _number_from_text(kind: type[int] | type[float], text: str) -> int | float:
    try:
        return kind(text)
    except ValueError:
        raise InvalidInputError("a whole number" if kind is int else "a number") from None


def _union_from_text(kinds: tuple[object, ...], text: str) -> object:
    allowed = []
    # Any text is a str, so try str last.
    for kind in sorted(kinds, key=lambda kind: kind is str):
        try:
            return read_text(kind, text)
        except InvalidInputError as error:
            allowed.append(str(error))
    raise InvalidInputError(" or ".join(allowed))


def _tuple_from_text(kinds: tuple[object, ...], text: str) -> tuple[object, ...]:
    texts = [part.strip() for part in text.split(",") if part.strip()]
    if kinds[-1] is Ellipsis:
        return tuple(read_text(kinds[0], part) for part in texts)
    if len(texts) != len(kinds):
        raise InvalidInputError(f"{len(kinds)} values separated by commas")
    return tuple(read_text(kind, part) for kind, part in zip(kinds, texts, strict=True))


def _finite(text: str) -> float:
    """Parse a JSON float, NaN or Infinity; refuse values that are not finite."""
    number = float(text)
    if not math.isfinite(number):
        raise InvalidInputError(f"{text} is not finite")
    return number


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build a JSON object; refuse duplicate keys."""
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise InvalidInputError("an object has a duplicate key")
    return entries
