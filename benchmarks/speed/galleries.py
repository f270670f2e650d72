r"""Speed, memory, disk and recall of stored galleries and indexes.

    python -m benchmarks.speed.galleries --label "10,000" --rows 10000
    python -m benchmarks.speed.galleries --label real --features feats.npy --methods exact gallery

Builds each kind of gallery in a separate process, and searches 100 held-out rows for their 10
nearest. Without --features the rows are synthetic: unit vectors in clusters of 20, like the images
of an identity. Minutes; a million rows need up to 1 hour and 10 GB of disk.

A run writes one row to benchmarks/results/galleries.json and replaces a row with the same label.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, add_row, provenance
from benchmarks.speed.gallery_measures import METHODS, QUERIES, K, measure_method
from reid_align.retrieval import nearest_rows

_PER_IDENTITY, _SPREAD, _ROWS_AT_ONCE = 20, 0.8, 10_000


def clustered_features(file: Path, count: int, feature_dim: int, seed: int = 0) -> None:
    """Write synthetic features, (count, feature_dim) float32, as ``.npy``.

    Each identity has a center, each image adds noise of 0.8 times the size. The variance of
    dimension i is 1/i, so that few directions carry most of it, as in features of a network.
    """
    random = np.random.default_rng(seed)
    scale = np.arange(1, feature_dim + 1, dtype=np.float32) ** -0.5
    centers = random.standard_normal((-(-count // _PER_IDENTITY), feature_dim), np.float32)
    values = np.lib.format.open_memmap(file, "w+", np.float32, (count, feature_dim))
    for start in range(0, count, _ROWS_AT_ONCE):
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, count))
        noise = random.standard_normal((len(rows), feature_dim), np.float32)
        block = (centers[rows // _PER_IDENTITY] + _SPREAD * noise) * scale
        values[rows] = block / np.linalg.norm(block, axis=1, keepdims=True)
    values.flush()


def split(source: Path, folder: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Write queries.npy, QUERIES evenly spaced rows of the source, and gallery.npy, the others."""
    values = np.load(source, mmap_mode="r")
    held_out = np.linspace(0, len(values) - 1, QUERIES).astype(np.int64)
    np.save(folder / "queries.npy", values[held_out])
    kept = np.setdiff1d(np.arange(len(values)), held_out)
    shape = (len(kept), values.shape[1])
    gallery = np.lib.format.open_memmap(folder / "gallery.npy", "w+", np.float32, shape)
    for start in range(0, len(kept), _ROWS_AT_ONCE):
        gallery[start : start + _ROWS_AT_ONCE] = values[kept[start : start + _ROWS_AT_ONCE]]
    gallery.flush()
    return np.load(folder / "queries.npy"), gallery


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Return one table row."""
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        source = options.features
        if source is None:
            source = folder / "features.npy"
            clustered_features(source, options.rows + QUERIES, options.dim)
        queries, gallery = split(source, folder)
        if options.features is None:
            source.unlink()
        truth = nearest_rows(queries, gallery, K).rows
        np.save(folder / "truth.npy", truth)
        shape = gallery.shape
        del gallery
        found = {}
        for method in options.methods:
            found[method] = measure_method(method, folder)
            print(f"  {method}: {found[method]}", flush=True)
    return {
        "label": options.label,
        "rows": shape[0],
        "feature_dim": shape[1],
        "source": "synthetic" if options.features is None else "real",
        "npy_mb": round(shape[0] * shape[1] * 4 / 1e6, 1),
        "methods": found,
        "load": round(os.getloadavg()[0], 1),
        **provenance(),
    }


def main() -> None:
    """Parse the arguments, measure, and write the row."""
    parser = benchmark_parser("python -m benchmarks.speed.galleries", __doc__)
    parser.add_argument("--label", required=True, help="name of the row")
    parser.add_argument("--rows", type=int, default=10_000, help="rows of the gallery")
    parser.add_argument("--dim", type=int, default=2048, help="dimensions of the features")
    parser.add_argument(
        "--features", type=Path, help=".npy file of real features, instead of --rows and --dim"
    )
    parser.add_argument(
        "--methods", nargs="+", default=list(METHODS), choices=METHODS, help="what to measure"
    )
    parser.add_argument("--folder", type=Path, help="folder for temporary files")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "galleries.json", help="result file"
    )
    options = parser.parse_args()
    row = measure(options)
    print(json.dumps(row, indent=2))
    add_row(options.output, "galleries", row)


if __name__ == "__main__":
    main()
