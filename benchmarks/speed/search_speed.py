"""Time the exact search, in memory and in a memory-mapped file of a million rows.

    python -m benchmarks.speed.search_speed
    python -m benchmarks.speed.search_speed --rows 100000

Measures two cases with random features of 2,048 dimensions and k = 10:

* 14,097 rows of float32 in memory (the size of CUHK03), 100 queries: CPU seconds of the search, and
  of the matrix product alone.
* A million rows of float16 in a memory-mapped file that is in the page cache, 1 and 100 queries: a
  new process opens the file and searches. Reports seconds until the first answer, without and with
  the start of Python and the import of torch, and the peak of anonymous memory, which is all memory
  apart from the mapped file.

Needs 4 GB in the temporary folder; the file is deleted. About two minutes; writes
benchmarks/results/search_speed.json.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, provenance, write_result
from reid_align.retrieval import nearest_rows

DIMENSIONS, K = 2048, 10
SMALL_ROWS, QUERIES, REPEATS = 14_097, 100, 7
ROWS_AT_ONCE = 10_000
SEARCH_FILE = Path(__file__).with_name("search_one_file.py")


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the median CPU time of a function in all threads of this process."""
    work()
    spent = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return median(spent)


def in_memory() -> dict[str, float]:
    """Measure the search in memory."""
    random = np.random.default_rng(0)
    gallery = random.standard_normal((SMALL_ROWS, DIMENSIONS), np.float32)
    queries = random.standard_normal((QUERIES, DIMENSIONS), np.float32)
    search = cpu_seconds(lambda: nearest_rows(queries, gallery, K))
    product = cpu_seconds(lambda: queries @ gallery.T)
    return {
        "rows": SMALL_ROWS,
        "queries": QUERIES,
        "search_cpu_s": round(search, 3),
        "product_cpu_s": round(product, 3),
        "beyond_product_cpu_s": round(search - product, 3),
    }


def write_rows(file: Path, rows: int) -> None:
    """Write float16 features: random rows, and the same with their columns rotated."""
    block = np.random.default_rng(1).standard_normal((ROWS_AT_ONCE, DIMENSIONS), np.float32)
    halves = block.astype(np.float16)
    shape = (rows, DIMENSIONS)
    values = np.lib.format.open_memmap(file, mode="w+", dtype=np.float16, shape=shape)
    for start in range(0, rows, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, rows - start)
        values[start : start + count] = np.roll(halves, start // ROWS_AT_ONCE, axis=1)[:count]
    values.flush()


def in_file(rows: int) -> dict[str, object]:
    """Measure the search in a memory-mapped file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "features.npy")
        write_rows(file, rows)
        found: dict[str, object] = {"rows": rows, "file_gb": round(file.stat().st_size / 1e9, 2)}
        for queries in (1, QUERIES):
            command = [sys.executable, str(SEARCH_FILE), str(file), str(queries), str(K)]
            # Warms the page cache and the files of the imports.
            subprocess.run(command, check=True, capture_output=True)
            began = time.perf_counter()
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            whole = round(time.perf_counter() - began, 2)
            found[f"{queries} queries"] = {**json.loads(done.stdout), "process_s": whole}
    return found


def main() -> None:
    """Parse the arguments, measure, print and write."""
    parser = benchmark_parser("python -m benchmarks.speed.search_speed", __doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the large file")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "search_speed.json", help="result file"
    )
    options: argparse.Namespace = parser.parse_args()
    record = {"benchmark": "search_speed", **provenance(), "dimensions": DIMENSIONS, "k": K}
    measured = {"in_memory": in_memory(), "in_file": in_file(options.rows)}
    print(json.dumps(measured, indent=1))
    write_result(options.output, {**record, **measured})


if __name__ == "__main__":
    main()
