"""Progress of long-running work: a bar on a terminal, a line every 30 seconds elsewhere."""

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Never, TextIO, TypeVar

from tqdm import tqdm

INTERVAL_SECONDS = 30.0
# Other seconds between lines, for a log that is read by a program.
INTERVAL_VARIABLE = "REID_ALIGN_PROGRESS_SECONDS"
_BAR_SECONDS = 1.0

T = TypeVar("T")


class Progress:
    """Progress display on standard error.

    On a terminal this is a progress bar. Elsewhere, for example in a log file, it is a line every
    30 seconds: "1,200/5,000 images, 40.1 images/s, 1:34 left". The lines also appear while no unit
    is completed. A closed or missing standard error is ignored.

    Use it as a context manager, or call `close` at the end.

    Args:
        total: number of units; None if unknown.
        done: units that an earlier run completed.
        unit: name of one unit; "" for work without units, which shows the time so far.
        label: text before the counts.
        visible: False displays nothing.
        stream: where to write; default: standard error.
        interval: seconds between lines; 0 writes a line at each update. Default: 30, or the
            environment variable REID_ALIGN_PROGRESS_SECONDS.

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
        interval: float | None = None,
    ) -> None:
        self.total, self.done, self.note = total, done, ""
        self._unit, self._label = unit, label
        self._interval = _default_interval() if interval is None else interval
        stream = stream or sys.stderr
        self._stream = stream if visible and _is_open(stream) else None
        self._bar: tqdm[Never] | None = None
        self._start = self._last_time = time.monotonic()
        self._first = self._last_done = done
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        if self._stream is None:
            return
        if self._stream.isatty():
            self._bar = tqdm(
                total=total,
                initial=done,
                unit=unit,
                desc=label or None,
                file=self._stream,
                bar_format=None if unit else "{desc}: {elapsed}",
                # A bar without units tells nothing about work that is done, or short.
                leave=bool(unit),
                delay=0 if unit else _BAR_SECONDS,
            )
        if self._bar is not None or self._interval > 0:
            self._thread = threading.Thread(target=self._refresh, name="progress", daemon=True)
            self._thread.start()

    def update(self, count: int = 1) -> None:
        """Count completed units."""
        self.done += count
        if self._bar is not None:
            self._bar.total = self.total
            self._bar.set_postfix_str(self.note, refresh=False)
            self._bar.update(count)
        elif not self._interval:
            self._write_line()

    def track(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items; count each one when the next is requested."""
        for item in items:
            yield item
            self.update()

    def message(self, text: str) -> None:
        """Write a line, without damaging the bar."""
        if self._bar is not None:
            self._bar.write(text, file=self._stream)
        else:
            self._write(text)

    def close(self) -> None:
        """Remove the bar; no further lines are written."""
        self._closed.set()
        if self._thread is not None:
            # A line that is being written ends up whole.
            self._thread.join(_BAR_SECONDS)
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

    def _refresh(self) -> None:
        """Show the time that passes, also while no unit is completed. Runs in a thread."""
        while not self._closed.wait(self._interval if self._bar is None else _BAR_SECONDS):
            if self._bar is None:
                self._write_line()
            else:
                self._bar.refresh()

    def _write_line(self) -> None:
        with self._lock:
            now = time.monotonic()
            count, seconds = self.done - self._last_done, now - self._last_time
            self._last_time, self._last_done = now, self.done
            if not count:
                # A slow unit: the mean of the run so far.
                count, seconds = self.done - self._first, now - self._start
            rate = count / seconds if seconds > 0 else 0.0
            self._write(f"{self._label}: " * bool(self._label) + ", ".join(self._parts(rate)))

    def _parts(self, rate: float) -> list[str]:
        elapsed = f"{tqdm.format_interval(time.monotonic() - self._start)} so far"
        if not self._unit:
            return list(filter(None, [elapsed, self.note]))
        total = "" if self.total is None else f"/{self.total:,}"
        units = f"{self._unit}{'es' if self._unit.endswith('ch') else 's'}"
        parts = [f"{self.done:,}{total} {units}"]
        if not rate:
            parts.append(elapsed)
        else:
            digits = 1 if rate >= 1 else 3
            parts.append(f"{rate:.{digits}f} {units}/s")
            if self.total is not None:
                parts.append(f"{tqdm.format_interval((self.total - self.done) / rate)} left")
        return list(filter(None, [*parts, self.note]))

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            print(text, file=self._stream, flush=True)
        except (OSError, ValueError):
            # The reader is gone or the disk is full. The work itself must continue.
            self._stream = None


def working(label: str, *, visible: bool = True) -> Progress:
    """Display the time that work without countable units takes: "clustering: 00:30 so far"."""
    return Progress(unit="", label=label, visible=visible)


def has_terminal() -> bool:
    """Return whether standard error is a terminal, where other libraries show bars."""
    return _is_open(sys.stderr) and sys.stderr.isatty()


def _default_interval() -> float:
    try:
        seconds = float(os.environ.get(INTERVAL_VARIABLE, ""))
    except ValueError:
        return INTERVAL_SECONDS
    return seconds if 0 < seconds < threading.TIMEOUT_MAX else INTERVAL_SECONDS


def _is_open(stream: TextIO | None) -> bool:
    """Return whether a stream can be written. Python has None for a closed standard error."""
    return stream is not None and not stream.closed
