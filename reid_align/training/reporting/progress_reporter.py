"""Training speed: progress display and ``timing.jsonl``."""

import time
from collections.abc import Mapping
from pathlib import Path

from reid_align.progress import Progress
from reid_align.training.reporting.json_lines import JsonLinesFile
from reid_align.training.training_state import TrainingPosition

TIMING = "timing.jsonl"


class ProgressReporter:
    """Shows steps, time left, epoch and losses, and writes images per second.

    Args:
        folder: run folder.
        position: position of the last checkpoint.
        visible: show the progress on standard error: a bar on a terminal, a line every 30 seconds
            elsewhere.
        interval: seconds between lines; see `Progress`.
    """

    def __init__(
        self,
        folder: Path,
        position: TrainingPosition,
        *,
        visible: bool,
        interval: float | None = None,
    ) -> None:
        self._file = JsonLinesFile(folder / TIMING)
        self._display = Progress(
            done=position.step, unit="step", visible=visible, interval=interval
        )
        self._start = self._last_report = time.monotonic()
        self._images = 0
        self._losses = self._rate = ""

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
        if position.epoch_steps:
            left = (epochs - position.epoch) * position.epoch_steps - position.epoch_step
            self._display.total = position.step + left
        epoch = f"epoch {min(position.epoch + 1, epochs)}/{epochs}"
        self._display.note = ", ".join(filter(None, [epoch, self._losses, self._rate]))
        self._display.update()

    def report(self, step: int, values: Mapping[str, float]) -> None:
        """Show the losses, and show and write the speed since the last report.

        Args:
            step: completed steps.
            values: metrics of the log line.
        """
        now = time.monotonic()
        rate = self._images / max(now - self._last_report, 1e-9)
        self._last_report, self._images = now, 0
        losses = {key.partition("/")[2]: value for key, value in values.items() if _is_loss(key)}
        self._losses = ", ".join(f"{name} {value:.4g}" for name, value in losses.items())
        self._rate = f"{rate:.0f} images/s"
        seconds = round(now - self._start, 3)
        self._file.append({"step": step, "seconds": seconds, "images/s": round(rate, 2)})

    def evaluating(self) -> None:
        """Show that an evaluation runs, until the next step."""
        self._display.note = "evaluating"

    def close(self) -> None:
        """Remove the bar."""
        self._display.close()


def _is_loss(key: str) -> bool:
    return key.startswith("objective/")
