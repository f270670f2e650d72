"""Errors of LanceDB as errors of this library."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from reid_align.errors import InvalidInputError, OutputError, ReidAlignError, UnknownNameError
from reid_align.galleries.gallery_format import VECTOR

_FULL = re.compile(r"no space left|quota exceeded|file too large|os error (28|122|27)\b", re.I)
_UNKNOWN = re.compile(r"No field named (?:\w+\.)?[\"`]?([^\s\"`.]+)|Column (\S+) does not exist")
_PARSER = re.compile(r"sql parser error: (.*?)\)?$", re.S)
_TRACE = re.compile(r",? ?/\S+\.rs:\d+(:\d+)?")
_PREFIX = re.compile(r"^(lance error: |Invalid input, |LanceError\(\w+\): |Generic \w+ error: )+")
_LENGTH = 300


@contextmanager
def filtering(where: str | None, columns: Sequence[str]) -> Iterator[None]:
    """Convert errors of a filter.

    Args:
        where: the filter as given by the user, or None.
        columns: columns of the gallery.

    Raises:
        UnknownNameError: the filter names an unknown column.
        InvalidInputError: the filter is not valid.
    """
    try:
        yield
    except ReidAlignError:
        raise
    except (ValueError, RuntimeError) as error:
        text = str(error)
        unsupported = "not supported" in text.lower() or "not implemented" in text
        if where is None or not (isinstance(error, ValueError) or unsupported):
            raise
        names = [name for name in columns if name != VECTOR]
        if unknown := _UNKNOWN.search(text):
            name = unknown[1] or unknown[2]
            raise UnknownNameError("column", name.rstrip("."), names) from error
        raise InvalidInputError(
            f"Filter {where!r} is not valid: {_reason(text, unsupported)}. Give an SQL condition "
            f'on the columns {", ".join(names)}, such as "camera = 1".'
        ) from error


def _reason(text: str, unsupported: bool) -> str:
    if unsupported:
        return "it uses a function that is not supported in filters"
    if parsed := _PARSER.search(text):
        # The filter is parsed in parentheses: the closing one is the end of the filter.
        return re.sub(r"found: \)$", "found: end of filter", parsed[1])
    return plain_text(text.rpartition("Invalid user input: ")[2])


@contextmanager
def storing(location: str, action: str) -> Iterator[None]:
    """Convert errors of the storage.

    Args:
        location: the gallery.
        action: verb of the message: "read" or "write".

    Raises:
        OutputError: the gallery cannot be read or written.
    """
    try:
        yield
    except ReidAlignError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        text = str(error)
        if action == "write":
            first = "Free disk space" if _FULL.search(text) else "Fix the problem"
            advice = f"Rows that were stored before are kept. {first}, then try again."
        else:
            advice = "Restore the gallery from a copy, or create it again."
        raise OutputError(
            f"Cannot {action} the gallery {location}: {plain_text(text)}. {advice}"
        ) from error


def plain_text(text: str) -> str:
    """Return LanceDB's message without source locations, in at most 300 characters."""
    text = _PREFIX.sub("", _TRACE.sub("", text)).strip().rstrip(".,:")
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}…"
