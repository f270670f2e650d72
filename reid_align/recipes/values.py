"""Reads the text of a setting as the type that the setting has."""

from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin

from reid_align.datasets.dataset_options import BOOLEANS
from reid_align.errors import InvalidInputError


def read_value(kind: object, text: str) -> object:
    """Read a text as a value of a type.

    Args:
        kind: bool, int, float, str, None, a Literal, a tuple of these, or a union.
        text: "true", "8e-4", "none", "40,80,120".

    Raises:
        InvalidInputError: the text is no value of that type; the message is what is allowed.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _read_union(arguments, text)
    if origin is Literal:
        return _one_of({str(value): value for value in arguments}, text)
    if origin is tuple:
        return _read_tuple(arguments, text)
    if kind is NoneType:
        return _one_of({"none": None}, text)
    if kind is bool:
        return _one_of(BOOLEANS, text)
    if kind is int or kind is float:
        return _read_number(kind, text)
    if kind is str:
        return text
    raise InvalidInputError(f"a value of type {kind}, which cannot be written on a command line")


def _one_of(known: dict[str, object] | dict[str, bool] | dict[str, None], text: str) -> object:
    if text.lower() not in known:
        raise InvalidInputError(" or ".join(known))
    return known[text.lower()]


def _read_number(kind: type[int] | type[float], text: str) -> int | float:
    try:
        return kind(text)
    except ValueError:
        raise InvalidInputError("a whole number" if kind is int else "a number") from None


def _read_union(kinds: tuple[object, ...], text: str) -> object:
    allowed = []
    # Text fits everything, so it comes last.
    for kind in sorted(kinds, key=lambda kind: kind is str):
        try:
            return read_value(kind, text)
        except InvalidInputError as error:
            allowed.append(str(error))
    raise InvalidInputError(" or ".join(allowed))


def _read_tuple(kinds: tuple[object, ...], text: str) -> tuple[object, ...]:
    texts = [part.strip() for part in text.split(",") if part.strip()]
    if kinds[-1] is Ellipsis:
        return tuple(read_value(kinds[0], part) for part in texts)
    if len(texts) != len(kinds):
        raise InvalidInputError(f"{len(kinds)} values with commas between them")
    return tuple(read_value(kind, part) for kind, part in zip(kinds, texts, strict=True))
