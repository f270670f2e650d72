"""``metrics.jsonl``: a line for every few steps and for every evaluation."""

import json
import math
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from reid_align.errors import OutputError
from reid_align.files import writing
from reid_align.training.checkpoint import ADVICE


class Journal:
    """Grows line by line, and can be cut back to what a checkpoint knew of.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def cut(self, size: int) -> None:
        """Forget what lies behind so many bytes.

        Raises:
            OutputError: the file is shorter than that, or cannot be written.
        """
        with writing(self.path), self.path.open("ab") as file:
            if file.tell() < size:
                raise OutputError(
                    f"{self.path} has {file.tell()} bytes, and had {size} when the checkpoint was "
                    "written. Put it back, or begin anew in another folder."
                )
            file.truncate(size)

    def append(self, line: Mapping[str, float]) -> None:
        """Write one line; numbers that are not finite become null.

        Raises:
            OutputError: it cannot be written.
        """
        known = {key: value if math.isfinite(value) else None for key, value in line.items()}
        with writing(self.path, ADVICE), self.path.open("ab") as file:
            file.write(json.dumps(known, allow_nan=False).encode() + b"\n")

    def flush(self) -> int:
        """Wait until all lines are on the disk and return the length of the file in bytes."""
        with writing(self.path, ADVICE), self.path.open("ab") as file:
            os.fsync(file.fileno())
            return file.tell()

    def curves(self) -> dict[str, dict[str, list[tuple[float, float]]]]:
        """Return all numbers by the two parts of their keys, as points (step, value)."""
        curves: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(dict)
        for text in self.path.read_text("utf-8").splitlines():
            line: dict[str, float | None] = json.loads(text)
            for key, value in line.items():
                panel, _, label = key.partition("/")
                if label and value is not None:
                    curves[panel].setdefault(label, []).append((float(line["step"] or 0), value))
        return dict(curves)
