"""Interruption of a command by SIGTERM or Ctrl-C, and the message about what is kept."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupt_on_sigterm() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM, as on Ctrl-C; ignore a second SIGTERM.

    Schedulers and containers send SIGTERM before they kill a process. Does nothing outside the main
    thread, and if the process ignores SIGTERM.
    """
    previous = signal.getsignal(signal.SIGTERM)
    main = threading.current_thread() is threading.main_thread()
    if not main or previous in (None, signal.SIG_IGN):
        yield
        return
    signal.signal(signal.SIGTERM, _raise_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


@contextmanager
def kept(describe: Callable[[], str]) -> Iterator[None]:
    """Add to an interruption what was saved; the command prints it.

    Args:
        describe: returns a clause such as "200 of 5,000 images are in feats.npy.partial".

    Raises:
        KeyboardInterrupt: the block was interrupted.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt("; ".join(filter(None, [str(error), describe()]))) from None


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    # The message about the first signal must not be interrupted by a second one.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
