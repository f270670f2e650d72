"""Measurement of one kind of gallery; as a script, in a separate process.

    python -m benchmarks.speed.gallery_measures METHOD FOLDER

FOLDER contains gallery.npy, queries.npy and truth.npy, the exact nearest rows. Prints JSON.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.peak_memory import peak_mib
from reid_align import Features, Gallery
from reid_align.galleries import FaissIndex
from reid_align.galleries.faiss_index import IndexKind
from reid_align.galleries.gallery_query import Vectors
from reid_align.retrieval import nearest_rows

METHODS = ("exact", "gallery", "gallery_index", "faiss_ivf", "faiss_hnsw")
QUERIES, K, CAMERAS, CAMERA = 100, 10, 10, 3
_SINGLE, _ADDED = 20, 20
_Result = TypeVar("_Result")
Rows = Sequence[Sequence[int]]


def measure_method(method: str, folder: Path) -> dict[str, float]:
    """Return the measures of a method, from a new process."""
    command = [sys.executable, "-m", "benchmarks.speed.gallery_measures", method, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{method} failed:\n{done.stderr}")
    measures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measures


def timed(work: Callable[[], _Result]) -> tuple[_Result, float, float]:
    """Return the result of some work, its seconds, and its CPU seconds on all cores."""
    began, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - began, time.process_time() - cpu


def one_by_one(
    name: str, search: Callable[[NDArray[np.float32]], object], queries: Vectors
) -> dict[str, float]:
    """Return the median milliseconds, wall-clock and CPU, of a search with one query."""
    times = [timed(partial(search, query))[1:] for query in queries[:_SINGLE]]
    wall, cpu = np.median(times, axis=0)
    return {f"{name}_ms": round(1000 * wall, 1), f"{name}_cpu_ms": round(1000 * cpu, 1)}


def search_measures(
    one: Callable[[NDArray[np.float32]], Sequence[int]],
    many: Callable[[Vectors], Rows],
    queries: Vectors,
    truth: NDArray[np.int64],
) -> dict[str, float]:
    """Return milliseconds per query, alone and together, and the recall."""
    found, together, cpu = timed(partial(many, queries))
    same = [len(set(rows) & set(near.tolist())) for rows, near in zip(found, truth, strict=True)]
    return {
        **one_by_one("one_query", one, queries),
        "query_of_100_ms": round(1000 * together / len(queries), 2),
        "query_of_100_cpu_ms": round(1000 * cpu / len(queries), 2),
        "recall": round(sum(same) / (K * len(queries)), 4),
    }


def exact(folder: Path) -> dict[str, float]:
    """Measure the exact search in a memory-mapped ``.npy`` file."""
    values, queries, truth = _arrays(folder)
    allowed = np.arange(len(values)) % CAMERAS == CAMERA
    measures = search_measures(
        lambda query: nearest_rows(query[None], values, K).rows[0].tolist(),
        lambda many: nearest_rows(many, values, K).rows.tolist(),
        queries,
        truth,
    )
    filtered = one_by_one(
        "filter", lambda query: nearest_rows(query[None], values, K, allowed=allowed), queries
    )
    return {**measures, **filtered}


def gallery(folder: Path) -> dict[str, float]:
    """Measure a stored gallery with exact search."""
    values, queries, truth = _arrays(folder)
    place = folder / "gallery"
    stored = Gallery.open(place)
    features = Features(values, tuple(map(str, range(len(values)))))
    metadata = [{"camera": row % CAMERAS} for row in range(len(values))]
    _, seconds, cpu = timed(lambda: stored.add(features, metadata))
    size = _megabytes(place)
    measures = search_measures(
        lambda query: [int(hit.path) for hit in stored.search(query, K)],
        lambda many: [[int(hit.path) for hit in hits] for hits in stored.search(many, K)],
        queries,
        truth,
    )
    filtered = one_by_one(
        "filter", lambda query: stored.search(query, K, f"camera = {CAMERA}"), queries
    )
    added = [
        timed(partial(stored.add, Features(queries[row : row + 1], ("-1",)), [{"camera": 0}]))[1]
        for row in range(_ADDED)
    ]
    stored.remove("path = '-1'")
    stored.compact(0)
    return {
        "build_s": round(seconds, 1),
        "build_cpu_s": round(cpu, 1),
        "disk_mb": size,
        **measures,
        **filtered,
        "add_row_ms": round(1000 * float(np.median(added)), 1),
    }


def gallery_index(folder: Path) -> dict[str, float]:
    """Measure the index of the gallery that `gallery` has stored."""
    _, queries, truth = _arrays(folder)
    place = folder / "gallery"
    stored = Gallery.open(place, create=False)
    _, seconds, cpu = timed(stored.build_index)

    def search(query: NDArray[np.float32], where: str | None = None) -> list[int]:
        return [int(hit.path) for hit in stored.search(query, K, where, approximate=True)]

    measures = search_measures(
        search,
        lambda many: [
            [int(hit.path) for hit in hits] for hits in stored.search(many, K, approximate=True)
        ],
        queries,
        truth,
    )
    filtered = one_by_one("filter", lambda query: search(query, f"camera = {CAMERA}"), queries)
    return {
        "build_s": round(seconds, 1),
        "build_cpu_s": round(cpu, 1),
        "disk_mb": _megabytes(place),
        **measures,
        **filtered,
    }


def faiss(folder: Path, kind: IndexKind) -> dict[str, float]:
    """Measure a FAISS index."""
    values, queries, truth = _arrays(folder)
    features = Features(values, tuple(map(str, range(len(values)))))
    index, seconds, cpu = timed(lambda: FaissIndex(features, kind=kind))
    measures = search_measures(
        lambda query: [hit.row for hit in index.search(query, K)],
        lambda many: [[hit.row for hit in hits] for hits in index.search(many, K)],
        queries,
        truth,
    )
    return {
        "build_s": round(seconds, 1),
        "build_cpu_s": round(cpu, 1),
        **measures,
        "own_recall": round(index.recall, 4),
    }


def _arrays(
    folder: Path,
) -> tuple[NDArray[np.float32], Vectors, NDArray[np.int64]]:
    values = np.load(folder / "gallery.npy", mmap_mode="r")
    return values, np.load(folder / "queries.npy"), np.load(folder / "truth.npy")


def _megabytes(folder: Path) -> float:
    files = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return round(sum(file.stat().st_size for file in files) / 1e6, 1)


def main(method: str, folder: Path) -> None:
    """Measure one method and print JSON."""
    before = peak_mib()
    if method == "faiss_ivf" or method == "faiss_hnsw":
        measures = faiss(folder, "ivf" if method == "faiss_ivf" else "hnsw")
    else:
        measures = {"exact": exact, "gallery": gallery, "gallery_index": gallery_index}[method](
            folder
        )
    print(json.dumps({**measures, "memory_mib": round(peak_mib() - before)}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
