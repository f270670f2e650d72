"""CPU time and memory of a process and all processes that it starts (Linux)."""

import os
import re
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


class ProcessTree:
    """Sums over a process and its descendants; call `sample` several times a second.

    Args:
        root: number of the process.

    Attributes:
        peak_bytes: largest sum of proportional set sizes, in which a shared page counts once.
        most_processes: largest number of processes.
    """

    def __init__(self, root: int) -> None:
        self.peak_bytes = 0
        self.most_processes = 0
        self._known = {root}
        self._ticks: dict[int, int] = {}

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of all processes until the last sample."""
        return sum(self._ticks.values()) / _TICKS

    def sample(self) -> None:
        """Read the current state; processes that have ended keep their last CPU time."""
        parents: dict[int, int] = {}
        for file in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = file.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            process = int(file.parent.name)
            parents[process] = int(fields[1])
            if process in self._known or parents[process] in self._known:
                self._ticks[process] = int(fields[11]) + int(fields[12])
        # A process stays in the tree if its parent ends.
        while new := {p for p, parent in parents.items() if parent in self._known} - self._known:
            self._known |= new
        running = self._known & parents.keys()
        self.most_processes = max(self.most_processes, len(running))
        self.peak_bytes = max(self.peak_bytes, sum(map(_proportional_bytes, running)))


def _proportional_bytes(process: int) -> int:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return 1024 * int(found[1]) if found else 0
