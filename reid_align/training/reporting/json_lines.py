"""JSON Lines file that can be truncated to an earlier length."""

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from reid_align.errors import OutputError
from reid_align.files import writing

Line = Mapping[str, float | None]
ADVICE = "Earlier checkpoints are intact: free space and rerun to continue."


class JsonLinesFile:
    """File with one JSON object of numbers per line.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def truncate(self, size: int) -> None:
        """Drop everything after the first ``size`` bytes.

        Raises:
            OutputError: the file is shorter than ``size`` or cannot be written.
        """
        with writing(self.path), self.path.open("ab") as file:
            if file.tell() < size:
                raise OutputError(
                    f"{self.path} has {file.tell()} bytes, but had {size} when the checkpoint was "
                    "written. Restore the file or start a new run in another folder."
                )
            file.truncate(size)

    def append(self, line: Mapping[str, float]) -> None:
        """Write one line. Numbers that are not finite become null."""
        finite = {key: value if math.isfinite(value) else None for key, value in line.items()}
        with writing(self.path, ADVICE), self.path.open("ab") as file:
            file.write(json.dumps(finite, allow_nan=False).encode() + b"\n")

    def flush(self) -> int:
        """Sync the file to disk and return its length in bytes."""
        with writing(self.path, ADVICE), self.path.open("ab") as file:
            os.fsync(file.fileno())
            return file.tell()

    def read(self) -> Iterator[Line]:
        """Yield all lines."""
        for text in self.path.read_text("utf-8").splitlines():
            yield json.loads(text)
