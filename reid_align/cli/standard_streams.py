"""Standard streams that are closed, full, or lack characters of the output."""

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from reid_align.errors import ReidAlignError

# Replacements for characters that the encoding of a stream lacks.
PLAIN_TEXT = {"×": "x", "…": "...", "·": "-", "±": "+/-", "→": "->", "≤": "<=", "≥": ">="}
READABLE = "reid_align.readable"


class StandardOutputError(ReidAlignError):
    """Standard output cannot be written.

    Args:
        reason: why, as a clause.
        text: everything that the command has printed.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"Cannot write to standard output: {reason}.")
        self.text = text


@contextmanager
def standard_streams() -> Iterator[None]:
    """Guard standard output and standard error during a command.

    Messages on standard error are dropped if they cannot be written: the work continues. Text on
    standard output is a result: if it cannot be written, ``sys.stdout.flush`` raises
    `StandardOutputError` with the text. A closed pipe raises BrokenPipeError. Characters that an
    encoding lacks are replaced.
    """
    _open_missing_descriptors()
    before = sys.stdout, sys.stderr
    codecs.register_error(READABLE, _replace_character)
    with open(os.devnull, "w") as null:
        sys.stdout = cast(TextIO, _ResultStream(sys.stdout, null))
        sys.stderr = cast(TextIO, _MessageStream(sys.stderr, null))
        try:
            with _readable(before[0]), _readable(before[1]):
                yield
        finally:
            sys.stderr.flush()
            sys.stdout, sys.stderr = before


def discard_output(stream: TextIO) -> None:
    """Redirect a stream's descriptor to the null device.

    Otherwise Python fails to flush the stream when it exits, with exit code 120.
    """
    with suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


class _Guarded:
    """Stream that forwards everything but writing.

    Args:
        stream: the stream; None if it is closed.
        null: stand-in for a closed stream.
    """

    def __init__(self, stream: TextIO | None, null: TextIO) -> None:
        self._open = stream is not None and not stream.closed
        self._stream = stream if stream is not None and self._open else null

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of a stream
        return getattr(self._stream, name)


class _ResultStream(_Guarded):
    """Standard output: keeps the printed text; `flush` raises if it could not be written."""

    _text = ""
    _failure: str | None = None

    def write(self, text: str) -> int:
        self._text += text
        if not self._open:
            self._failure = "it is closed"
        with self._recording():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._recording():
            self._stream.flush()
        if self._failure is not None:
            reason, self._failure = self._failure, None
            raise StandardOutputError(reason, self._text)

    @contextmanager
    def _recording(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            self._failure = error.strerror or str(error)
            discard_output(self._stream)


class _MessageStream(_Guarded):
    """Standard error: drops text that cannot be written."""

    def write(self, text: str) -> int:
        with self._dropping():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._dropping():
            self._stream.flush()

    @contextmanager
    def _dropping(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError):
            discard_output(self._stream)


@contextmanager
def _readable(stream: TextIO | None) -> Iterator[None]:
    """Replace characters that the stream's encoding lacks; restore the stream's mode at the end."""
    if not isinstance(stream, io.TextIOWrapper) or stream.closed:
        yield
        return
    before = stream.errors
    with suppress(OSError):
        stream.reconfigure(errors=READABLE)
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            stream.reconfigure(errors=before)


def _replace_character(error: UnicodeError) -> tuple[str | bytes, int]:
    """Error handler of an encoding: plain text, the bytes of a file name, or an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape
        return bytes([code - 0xDC00]), error.start + 1
    return PLAIN_TEXT.get(character, f"\\u{code:04x}"), error.start + 1


def _open_missing_descriptors() -> None:
    """Open the null device for standard descriptors that are closed.

    Otherwise the next file that the process opens becomes its standard output.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free descriptor is this one.
            os.open(os.devnull, os.O_RDWR)
