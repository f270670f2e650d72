"""Metadata read from text files, such as CSV, as typed values."""

import re
from collections.abc import Callable, Mapping, Sequence

from reid_align.errors import InvalidInputError

# A number with a leading zero is a name: "0002" and "002" differ.
_INT = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_FLOAT = re.compile(r"[+-]?(0|[1-9]\d*)?(\.\d*)?([eE][+-]?\d+)?")
_BOOL = {"true": True, "false": False}


def typed_texts(
    columns: Mapping[str, Sequence[str | None]], known: Mapping[str, str]
) -> dict[str, list[object]]:
    """Convert the texts of each column to one type.

    A column that the gallery has gets its type. Otherwise it is "int", "float" or "bool" if all of
    its texts are, else "str". Numbers with leading zeros are "str".

    Args:
        columns: texts by column; None: unknown.
        known: types of the gallery's columns, from `Gallery.columns`.

    Raises:
        InvalidInputError: a text does not have the type of the gallery's column.
    """
    return {name: _column(name, texts, known.get(name)) for name, texts in columns.items()}


def _column(name: str, texts: Sequence[str | None], known: str | None) -> list[object]:
    given = [text for text in texts if text is not None]
    kinds = [known] if known else ["int", "float", "bool", "str"]
    for kind in kinds:
        convert, matches = _KINDS.get(kind, _KINDS["str"])
        if all(matches(text) for text in given):
            return [None if text is None else convert(text) for text in texts]
    convert, matches = _KINDS[kinds[0]]
    wrong = next(text for text in given if not matches(text))
    raise InvalidInputError(
        f"Metadata column {name!r} has the type {known} in the gallery, but contains {wrong!r}. "
        "Correct the value, or use another column name."
    )


def _is_float(text: str) -> bool:
    return _FLOAT.fullmatch(text) is not None and any(c.isdigit() for c in text)


_KINDS: Mapping[str, tuple[Callable[[str], object], Callable[[str], bool]]] = {
    "int": (int, lambda text: _INT.fullmatch(text) is not None),
    "float": (float, _is_float),
    "bool": (lambda text: _BOOL[text.lower()], lambda text: text.lower() in _BOOL),
    "str": (str, lambda text: True),
}
