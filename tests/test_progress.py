import io
import os
import re
import signal
import sys

import pytest

from reid_align.interrupts import interrupt_on_sigterm
from reid_align.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_there_is_a_line_per_interval() -> None:
    stream = io.StringIO()
    with Progress(5000, done=1000, unit="image", stream=stream, interval=0.0) as progress:
        progress.update(200)
        progress.note = "epoch 2/9"
        progress.update(1)
    first, second = stream.getvalue().splitlines()
    assert re.fullmatch(r"1,200/5,000 images, [\d.]+ images/s, \d\d:\d\d left", first)
    assert re.fullmatch(r"1,201/5,000 images, [\d.]+ images/s, [\d:]+ left, epoch 2/9", second)


def test_short_work_writes_no_lines() -> None:
    stream = io.StringIO()
    with Progress(10, stream=stream) as progress:
        progress.update(10)
    assert stream.getvalue() == ""


def test_an_unknown_total_has_no_time_left() -> None:
    stream = io.StringIO()
    with Progress(unit="step", label="adapting", stream=stream, interval=0.0) as progress:
        progress.update(3)
    assert re.fullmatch(r"adapting: 3 steps, [\d.]+ steps/s\n", stream.getvalue())


def test_the_plural_of_a_unit_is_spelled_right() -> None:
    stream = io.StringIO()
    with Progress(4, unit="batch", stream=stream, interval=0.0) as progress:
        progress.update(3)
    assert re.match(r"3/4 batches, [\d.]+ batches/s, ", stream.getvalue())


def test_a_terminal_has_a_bar_and_messages() -> None:
    stream = Terminal()
    with Progress(4, unit="step", stream=stream, interval=0.0) as progress:
        progress.total = 8
        progress.update(8)
        progress.message("done")
    assert "8/8" in stream.getvalue()
    assert "done\n" in stream.getvalue()


def test_invisible_progress_writes_nothing() -> None:
    stream = io.StringIO()
    with Progress(4, visible=False, stream=stream, interval=0.0) as progress:
        progress.update(4)
        progress.message("done")
    assert stream.getvalue() == ""
    assert progress.done == 4


def test_a_missing_or_closed_stream_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", None)
    for stream in (None, closed):
        with Progress(4, stream=stream, interval=0.0) as progress:
            progress.update(4)
            progress.message("done")


def test_a_full_disk_is_ignored() -> None:
    full = open("/dev/full", "w")  # noqa: SIM115
    with Progress(8, stream=full, interval=0.0) as progress:
        progress.update(4)
        progress.update(4)
    assert progress.done == 8
    with pytest.raises(OSError, match="No space"):
        full.close()


def test_sigterm_becomes_an_interrupt() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), interrupt_on_sigterm():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
