"""Metrics of a run: ``metrics.jsonl``, and TensorBoard where it is installed."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

from reid_align.training.reporting.json_lines import JsonLinesFile

METRICS, TENSORBOARD = "metrics.jsonl", "tensorboard"


class MetricsLog:
    """Log with one line every few steps and one line per evaluation.

    Args:
        folder: run folder.
        size: length of the log in bytes at the last checkpoint. Later lines are dropped.
        step: completed steps at the last checkpoint.

    Raises:
        OutputError: the log is shorter than ``size`` or cannot be written.
    """

    def __init__(self, folder: Path, size: int, step: int) -> None:
        self._file = JsonLinesFile(folder / METRICS)
        self._file.truncate(size)
        self._add_scalars = _open_tensorboard(folder, step)

    def write(self, step: int, epoch: int, values: Mapping[str, float]) -> None:
        """Write one line.

        Args:
            step: completed steps.
            epoch: completed epochs.
            values: numbers by "GROUP/NAME", for example "score/mAP".
        """
        line = {"step": step, "epoch": epoch, **values}
        self._file.append(line)
        self._add_scalars(line)

    def flush(self) -> int:
        """Sync the log to disk and return its length in bytes."""
        return self._file.flush()

    def curves(self) -> dict[str, dict[str, list[tuple[float, float]]]]:
        """Return all numbers as points (step, value), by group and name."""
        curves: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(dict)
        for line in self._file.read():
            for key, value in line.items():
                group, _, name = key.partition("/")
                if name and value is not None:
                    curves[group].setdefault(name, []).append((float(line["step"] or 0), value))
        return dict(curves)


def _open_tensorboard(folder: Path, step: int) -> Callable[[Mapping[str, float]], None]:
    """Return a function that writes a line to TensorBoard, or nothing without the package."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return lambda line: None
    writer = SummaryWriter(folder / TENSORBOARD, purge_step=step + 1)

    def add_scalars(line: Mapping[str, float]) -> None:
        for key, value in line.items():
            if "/" in key:
                writer.add_scalar(key, value, int(line["step"]))
        writer.flush()

    return add_scalars
