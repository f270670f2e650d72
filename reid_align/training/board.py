"""The log's numbers for TensorBoard, where that is installed."""

from collections.abc import Callable, Mapping
from pathlib import Path

BOARD = "tensorboard"


def open_board(folder: Path, step: int) -> Callable[[Mapping[str, float]], None]:
    """Return what shows a line of the log in TensorBoard; without the package it does nothing.

    Args:
        folder: of the run.
        step: where the run goes on; what was shown of later steps is taken back.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return lambda line: None
    writer = SummaryWriter(folder / BOARD, purge_step=step + 1)

    def show(line: Mapping[str, float]) -> None:
        for key, value in line.items():
            if "/" in key:
                writer.add_scalar(key, value, int(line["step"]))
        writer.flush()

    return show
