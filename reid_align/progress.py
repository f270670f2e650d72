"""Progress of long-running work: a bar on a terminal, a line every 30 seconds elsewhere."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Never, TextIO

from tqdm import tqdm

INTERVAL_SECONDS = 30.0


class Progress:
    """Progress display on standard error.

    On a terminal this is a progress bar. Elsewhere, for example in a log file, it is a line every
    30 seconds: "1,200/5,000 images, 40.1 images/s, 1:34 left". A closed or missing standard error
    is ignored.

    Use it as a context manager, or call `close` at the end.

    Args:
        total: number of units; None if unknown.
        done: units that an earlier run completed.
        unit: name of one unit.
        label: text before the counts.
        visible: False displays nothing.
        stream: where to write; default: standard error.
        interval: seconds between lines.

    Attributes:
        total: number of units. May be changed at any time.
        done: completed units.
        note: text after the counts, such as the current loss. May be changed at any time.
    """

    def __init__(
        self,
        total: int | None = None,
        *,
        done: int = 0,
        unit: str = "image",
        label: str = "",
        visible: bool = True,
        stream: TextIO | None = None,
        interval: float = INTERVAL_SECONDS,
    ) -> None:
        self.total, self.done, self.note = total, done, ""
        self._unit, self._label, self._interval = unit, label, interval
        stream = stream or sys.stderr
        self._stream = stream if visible and _is_open(stream) else None
        self._bar: tqdm[Never] | None = None
        if self._stream is not None and self._stream.isatty():
            self._bar = tqdm(
                total=total, initial=done, unit=unit, desc=label or None, file=self._stream
            )
        self._last_time, self._last_done = time.monotonic(), done

    def update(self, count: int = 1) -> None:
        """Count completed units."""
        self.done += count
        if self._bar is not None:
            self._bar.total = self.total
            self._bar.set_postfix_str(self.note, refresh=False)
            self._bar.update(count)
        elif time.monotonic() - self._last_time >= self._interval:
            self._write_line()

    def message(self, text: str) -> None:
        """Write a line, without damaging the bar."""
        if self._bar is not None:
            self._bar.write(text, file=self._stream)
        else:
            self._write(text)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _write_line(self) -> None:
        now = time.monotonic()
        rate = (self.done - self._last_done) / (now - self._last_time)
        self._last_time, self._last_done = now, self.done
        total = "" if self.total is None else f"/{self.total:,}"
        parts = [f"{self.done:,}{total} {self._unit}s", f"{rate:.1f} {self._unit}s/s"]
        if self.total is not None and rate > 0:
            parts.append(f"{tqdm.format_interval((self.total - self.done) / rate)} left")
        if self.note:
            parts.append(self.note)
        self._write(f"{self._label}: " * bool(self._label) + ", ".join(parts))

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            print(text, file=self._stream, flush=True)
        except (OSError, ValueError):
            # The reader is gone or the disk is full. The work itself must continue.
            self._stream = None


@contextmanager
def interrupt_on_sigterm() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM, as on Ctrl-C. Does nothing outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, _raise_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _is_open(stream: TextIO | None) -> bool:
    """Return whether a stream can be written. Python has None for a closed standard error."""
    return stream is not None and not stream.closed
