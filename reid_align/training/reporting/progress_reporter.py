"""Training speed: progress bar on the terminal and ``timing.jsonl``."""

import time
from pathlib import Path

from tqdm import tqdm

from reid_align.training.reporting.json_lines import JsonLinesFile
from reid_align.training.training_state import TrainingPosition

TIMING = "timing.jsonl"


class ProgressReporter:
    """Progress bar with the time left, and images per second since the last log line.

    Args:
        folder: run folder.
        steps: completed steps.
        visible: show a bar on standard error if that is a terminal.
    """

    def __init__(self, folder: Path, steps: int, *, visible: bool) -> None:
        self._file = JsonLinesFile(folder / TIMING)
        self._bar = tqdm(initial=steps, unit="step", disable=None if visible else True)
        self._start = self._last_report = time.monotonic()
        self._images = 0

    def start(self, step: int) -> None:
        """Write the line with 0 seconds that separates this session from earlier ones."""
        self._file.append({"step": step, "seconds": 0.0})

    def update(self, images: int, position: TrainingPosition, epochs: int) -> None:
        """Count one step.

        Args:
            images: images in the step.
            position: position after the step.
            epochs: total number of epochs.
        """
        self._images += images
        self._bar.update()
        if position.epoch_steps:
            left = (epochs - position.epoch) * position.epoch_steps - position.epoch_step
            self._bar.total = position.step + left

    def report(self, step: int) -> None:
        """Show and write the speed since the last report."""
        now = time.monotonic()
        rate = self._images / max(now - self._last_report, 1e-9)
        self._last_report, self._images = now, 0
        self._bar.set_postfix_str(f"{rate:.0f} images/s")
        seconds = round(now - self._start, 3)
        self._file.append({"step": step, "seconds": seconds, "images/s": round(rate, 2)})

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()
