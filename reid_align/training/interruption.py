"""Ctrl-C, and being asked to stop, without losing the step that is under way."""

import signal
import threading
from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Notes SIGINT and SIGTERM while it is entered, instead of letting them strike anywhere.

    In other threads than the main one, which receive no signals, it does nothing.

    Args:
        patient: note every signal; otherwise the second one raises KeyboardInterrupt at once.

    Attributes:
        requested: whether a signal came.
    """

    def __init__(self, *, patient: bool) -> None:
        self.requested = False
        self._patient = patient
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested and not self._patient:
            raise KeyboardInterrupt
        self.requested = True
