"""How fast a training is, on the screen and in ``timing.jsonl``."""

import time
from pathlib import Path

from tqdm import tqdm

from reid_align.training.journal import Journal
from reid_align.training.state import Position

TIMING = "timing.jsonl"


class Meter:
    """A bar with the time left, and the images per second since the last line of the log.

    Args:
        folder: of the run.
        steps: that were done before.
        visible: whether there is a bar, on standard error and if that is a terminal.
    """

    def __init__(self, folder: Path, steps: int, *, visible: bool) -> None:
        self._journal = Journal(folder / TIMING)
        self._bar = tqdm(initial=steps, unit="step", disable=None if visible else True)
        self._began = self._since = time.monotonic()
        self._images = 0

    def begin(self, step: int) -> None:
        """Note that a session begins, from which the seconds of its lines count.

        Without this line nobody could tell it from the session before, if that was the shorter.

        Raises:
            OutputError: it cannot be written.
        """
        self._journal.append({"step": step, "seconds": 0.0})

    def step(self, images: int, position: Position, epochs: int) -> None:
        """Count one step, which ended at a position."""
        self._images += images
        self._bar.update()
        if position.epoch_steps:
            left = (epochs - position.epoch) * position.epoch_steps - position.epoch_step
            self._bar.total = position.step + left

    def report(self, step: int) -> None:
        """Show and note the speed since the last report."""
        now = time.monotonic()
        rate = self._images / max(now - self._since, 1e-9)
        self._since, self._images = now, 0
        self._bar.set_postfix_str(f"{rate:.0f} images/s")
        seconds = round(now - self._began, 3)
        self._journal.append({"step": step, "seconds": seconds, "images/s": round(rate, 2)})

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()
