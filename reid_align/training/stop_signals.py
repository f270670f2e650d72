"""Handler that delays SIGINT and SIGTERM until the current step is complete."""

import signal
import threading
from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Context manager that records SIGINT and SIGTERM in place of the default reaction.

    Does nothing outside the main thread, because other threads receive no signals.

    Args:
        ignore_repeats: record every signal. Otherwise the second one raises KeyboardInterrupt at
            once.

    Attributes:
        received: a signal arrived.
    """

    def __init__(self, *, ignore_repeats: bool) -> None:
        self.received = False
        self._ignore_repeats = ignore_repeats
        self._previous: dict[signal.Signals, object] = {}

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._previous[number] = signal.signal(number, self._record)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _record(self, number: int, frame: FrameType | None) -> None:
        if self.received and not self._ignore_repeats:
            raise KeyboardInterrupt
        self.received = True
