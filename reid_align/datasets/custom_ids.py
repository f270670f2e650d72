"""Checks of person and camera ids that custom datasets give as text."""

import re
from collections.abc import Iterable
from decimal import Decimal

from reid_align.datasets.dataset_files import shown
from reid_align.errors import DatasetFormatError

JUNK = "-1"
# Minus signs and dashes that programs write for "-", and invisible characters.
_PLAIN = str.maketrans(
    dict.fromkeys("\u2212\u2013\ufe63\uff0d", "-") | dict.fromkeys("\u200b\u200e\u2060\ufeff", "")
)


def check_ids(dataset: str, column: str, ids: Iterable[tuple[str | None, str]]) -> None:
    """Check that no two ids are the same number, and that -1 is written as "-1".

    Args:
        dataset: dataset, for the error message.
        column: "person_id" or "camera_id".
        ids: text of each id, None if unknown, and the path of its image.

    Raises:
        DatasetFormatError: "1" and "01", "0" and "0.0", "-1.0" …
    """
    texts: dict[str, str] = {}
    for text, path in ids:
        if text is not None:
            texts.setdefault(text, path)
    numbers: dict[Decimal, str] = {}
    for text, path in texts.items():
        number = _number(text)
        if number is None:
            continue
        if number == -1 and text != JUNK:
            raise DatasetFormatError(
                f"{dataset}: {shown(path)} has the {column} {text!r}, which equals -1. Write -1."
            )
        other = numbers.setdefault(number, text)
        if other != text:
            raise DatasetFormatError(
                f"{dataset}: the {column} {other!r} of {shown(texts[other])} and {text!r} of "
                f"{shown(path)} are the same number. Write each {column} in one way."
            )


def _number(text: str) -> Decimal | None:
    # Decimal reads "1_0" as 10, but it is a name with two numbers.
    if "_" in text:
        return None
    try:
        number = Decimal(text.translate(_PLAIN))
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def check_whole_number(dataset: str, match: re.Match[str], group: str) -> None:
    """Check that a group of a pattern does not cut a number.

    A minus before the number belongs to it, unless it separates words, as in ``person-12``, and
    the pattern contains it outside the group.

    Raises:
        DatasetFormatError: the group starts or ends inside a run of digits, or after a minus, or
            starts with a minus that separates words.
    """
    text, (start, stop) = match.string, match.span(group)
    if start == stop:
        return
    first, last = start, stop
    if text[start].isdecimal():
        while first and text[first - 1].isdecimal():
            first -= 1
        if first and text[first - 1] == "-":
            separates = text[first - 2 : first - 1].isalnum() and match.start() < first
            first -= not separates
    elif text[start] == "-" and text[start - 1 : start].isalnum():
        while first and text[first - 1].isalnum():
            first -= 1
    if text[stop - 1].isdecimal():
        while last < len(text) and text[last].isdecimal():
            last += 1
    if (first, last) != (start, stop):
        raise DatasetFormatError(
            f"{dataset}: in {shown(text)} the pattern {match.re.pattern} reads the {group} "
            f"{match[group]!r}, which is a part of {text[first:last]!r}. Correct the pattern: "
            r"-?\d+ matches a whole number; a - that separates words belongs outside the group."
        )
