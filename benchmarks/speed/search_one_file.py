"""Search a memory-mapped feature file, and measure the time and the memory.

    python benchmarks/speed/search_one_file.py FEATURES.npy QUERIES K

Prints JSON: seconds from opening the file to the first and the second answer, and the peak of
anonymous memory in MiB above that of the interpreter with its imports, and in total. A process of
its own, because the peak of a process never falls.
"""

import json
import re
import sys
import threading
import time
from pathlib import Path

import numpy as np

from reid_align.retrieval import nearest_rows

SECONDS_BETWEEN_SAMPLES = 0.005


def anonymous_mib() -> float:
    """Return the anonymous resident memory of this process: without mapped files."""
    found = re.search(r"RssAnon:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 2**10 if found else float("nan")


class Peak(threading.Thread):
    """Samples the anonymous memory until `stop`."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.mib, self._stopped = 0.0, threading.Event()

    def run(self) -> None:
        """Sample until stopped."""
        while not self._stopped.wait(SECONDS_BETWEEN_SAMPLES):
            self.mib = max(self.mib, anonymous_mib())

    def stop(self) -> float:
        """Stop and return the largest sample."""
        self._stopped.set()
        self.join()
        return self.mib


def main(file: str, queries: int, k: int) -> None:
    """Search twice and print the measurements."""
    before = anonymous_mib()
    peak = Peak()
    peak.start()
    began, spent = time.perf_counter(), time.process_time()
    gallery = np.load(file, mmap_mode="r")
    asked = np.random.default_rng(2).standard_normal((queries, gallery.shape[1]), np.float32)
    nearest_rows(asked, gallery, k)
    first, first_cpu = time.perf_counter() - began, time.process_time() - spent
    began = time.perf_counter()
    nearest_rows(asked, gallery, k)
    second = time.perf_counter() - began
    highest = peak.stop()
    measured = {
        "first_answer_s": round(first, 2),
        "first_answer_cpu_s": round(first_cpu, 2),
        "second_answer_s": round(second, 2),
        "peak_private_mib": round(highest),
        "peak_private_mib_above_imports": round(highest - before),
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
