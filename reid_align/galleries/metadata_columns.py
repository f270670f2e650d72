"""Metadata of gallery rows as typed columns."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from reid_align.errors import InvalidInputError
from reid_align.galleries.gallery_format import PATH, VECTOR

if TYPE_CHECKING:
    import pyarrow as pa

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RESERVED = frozenset({PATH, VECTOR, "distance"})
_TYPES = "str, bool, int, float, datetime or None"
# Every integer up to this size is exact as float64.
_EXACT = 2**53


def metadata_columns(
    rows: Sequence[Mapping[str, object]], schema: "pa.Schema | None"
) -> "dict[str, pa.Array]":
    """Return one array per metadata column; a missing value, None and NaN are null.

    The first values of a column fix its type: bool, int64, float64, string, or a timestamp with or
    without time zone. A column of float64 also accepts integers.

    Args:
        rows: one mapping per row.
        schema: columns of the existing gallery, or None.

    Raises:
        InvalidInputError: an invalid or reserved name, an unsupported value, or another type than
            the column has.
    """
    import pyarrow as pa

    existing = {} if schema is None else {f.name: f.type for f in schema if f.name not in _RESERVED}
    columns: dict[str, pa.Array] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        _check_name(name, [*existing, *columns])
        values = [_plain(name, index, row.get(name)) for index, row in enumerate(rows)]
        found = _type_of(name, values)
        if found is None:
            # Only null values: the type is still open, and there is nothing to store.
            continue
        known = existing.get(name, found)
        if known != found and not (known == pa.float64() and found == pa.int64()):
            row = next(index for index, value in enumerate(values) if value is not None)
            raise InvalidInputError(
                f"Metadata column {name!r} has the type {type_name(known)} in the gallery, and "
                f"{type_name(found)} in the new rows (first: {values[row]!r} in row {row}). "
                "Convert the values, or use another column name."
            )
        columns[name] = _array(name, values, known)
    return columns


def type_name(kind: "pa.DataType") -> str:
    """Return the name of a column's type for messages: "int", "str", …."""
    text = str(kind)
    names = {"int64": "int", "double": "float", "string": "str"}
    return "datetime" if text.startswith("timestamp") else names.get(text, text)


def _check_name(name: object, known: Sequence[str]) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _RESERVED:
        raise InvalidInputError(
            f"Metadata column {name!r}: give a name of letters, digits and underscores that starts "
            f"with a letter and is not one of {', '.join(sorted(_RESERVED))}."
        )
    # SQL does not distinguish case.
    twin = next((other for other in known if other.lower() == name.lower() and other != name), None)
    if twin is not None:
        raise InvalidInputError(f"Metadata column {name!r} exists as {twin!r}. Use one spelling.")


def _plain(name: str, row: int, value: object) -> object:
    """Return a value as a Python object."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    if value is None or isinstance(value, str | bool | int | float | datetime):
        return value
    raise InvalidInputError(
        f"Metadata column {name!r} has a value of type {type(value).__name__} in row {row}. "
        f"Allowed are {_TYPES}."
    )


def _type_of(name: str, values: Sequence[object]) -> "pa.DataType | None":
    """Return the type of a column's values, or None if all are null."""
    import pyarrow as pa

    kinds = {_kind(value): value for value in reversed(values) if value is not None}
    if set(kinds) == {"int", "float"}:
        kinds.pop("int")
    if len(kinds) > 1:
        shown = ", ".join(f"{value!r} ({kind})" for kind, value in kinds.items())
        raise InvalidInputError(
            f"Metadata column {name!r} has values of different types: {shown}. Convert them to one "
            "type."
        )
    types = {
        "bool": pa.bool_(),
        "int": pa.int64(),
        "float": pa.float64(),
        "str": pa.string(),
        "datetime": pa.timestamp("us"),
        "datetime with time zone": pa.timestamp("us", "UTC"),
    }
    return types[next(iter(kinds))] if kinds else None


def _kind(value: object) -> str:
    if isinstance(value, datetime):
        return "datetime" if value.tzinfo is None else "datetime with time zone"
    # bool is a subclass of int, str and float may be subclassed.
    return next(kind.__name__ for kind in (bool, int, float, str) if isinstance(value, kind))


def _array(name: str, values: Sequence[object], kind: "pa.DataType") -> "pa.Array":
    import pyarrow as pa

    try:
        if kind == pa.float64():
            values = [value if value is None else _exact(value) for value in values]
        return pa.array(values, kind)
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        raise InvalidInputError(f"Metadata column {name!r}: {error}.") from error


def _exact(value: object) -> float:
    assert isinstance(value, int | float)
    if isinstance(value, int) and abs(value) > _EXACT:
        raise OverflowError(f"{value} is too large for a column of type float")
    return float(value)
