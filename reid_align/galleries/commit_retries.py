"""Repetition of changes that conflict with those of another process."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")
# LanceDB repeats appends and deletions itself, but not changes of the columns.
_CONFLICTS = ("commit conflict", "concurrent transaction", "concurrent writers", "please retry")
_SECONDS, _FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 0.02, 1.0


def commit(change: Callable[[], _Result]) -> _Result:
    """Make a change. Repeat it, for up to a minute, if another process commits a conflicting one.

    A change that conflicts is not stored, so repeating it stores it once.

    Raises:
        RuntimeError, ValueError, OSError: from LanceDB.
    """
    deadline, pause = time.monotonic() + _SECONDS, _FIRST_PAUSE
    while True:
        try:
            return change()
        except (RuntimeError, ValueError, OSError) as error:
            text = str(error).lower()
            if not any(part in text for part in _CONFLICTS) or time.monotonic() > deadline:
                raise
        time.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(2 * pause, _LONGEST_PAUSE)
