"""Extraction to Parquet: Ray next to the plain loop, memory, size, reading and clustering.

    python -m benchmarks.speed.bulk_extraction
    python -m benchmarks.speed.bulk_extraction --images 128 --rounds 1 --rows 2000

Extracts the same images to feats.npy, the plain loop, and with `--engine ray`, in turn. The rate
counts the images between two checkpoints, without the start of the processes. CPU seconds and
memory (proportional set size) are sums over all processes of a run. Checks that the rows of both
are the same bits. Then writes random features of the size of MSMT17's test, reads them back, and
clusters a part of them. Writes benchmarks/results/bulk_extraction.json; five minutes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, provenance, write_result
from benchmarks.speed.process_tree import ProcessTree
from reid_align import read_features
from reid_align.bulk.parts_folder import PartsFolder
from reid_align.clustering import cluster_features
from reid_align.cores import available_cores
from reid_align.features.feature_files import Json
from reid_align.features.parquet_format import FINISHED, part_schema

DIMENSIONS, ROWS_PER_PART, PER_IDENTITY = 2048, 16_384, 20
OUTPUTS = {"plain": "plain.npy", "ray": "ray.parquet"}


def make_images(folder: Path, count: int) -> None:
    """Write JPEG images of 256 x 128 with noise."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(count):
        pixels = random.integers(0, 256, (256, 128, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:06}.jpg", quality=80)


def run_engine(place: Path, engine: str, part: int) -> dict[str, float]:
    """Extract the images with one engine and return rate, CPU seconds and memory."""
    output = place / OUTPUTS[engine]
    command = [sys.executable, "-m", "reid_align.extract", "images", "-o", output.name, "--force"]
    command += ["--device", "cpu"]
    if engine == "ray":
        command += ["--engine", "ray", "--part-images", str(part)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    began = time.perf_counter()
    child = subprocess.Popen(command, cwd=place, env=environment)
    tree = ProcessTree(child.pid)
    checkpoints: dict[float, int] = {}
    while child.poll() is None:
        tree.sample()
        checkpoints |= checkpoint(place)
        time.sleep(0.1)
    seconds = time.perf_counter() - began
    if child.returncode:
        sys.exit(f"{' '.join(command)} failed.")
    if engine == "ray":
        written = sorted(file.stat().st_mtime for file in output.glob("part-*.parquet"))
        checkpoints = {when: part * (index + 1) for index, when in enumerate(written)}
    # Workers finish their first parts at about the same time: count from the last of these.
    times = sorted(checkpoints)[available_cores() - 1 if engine == "ray" else 0 :]
    count = checkpoints[times[-1]] - checkpoints[times[0]]
    found = {
        "images_per_s": count / (times[-1] - times[0]),
        "seconds": seconds,
        "cpu_s": tree.cpu_seconds,
        "peak_gb": tree.peak_bytes / 1e9,
        "processes": float(tree.most_processes),
    }
    print(f"  {engine}: {found}", flush=True)
    return {name: round(value, 3) for name, value in found.items()}


def checkpoint(place: Path) -> dict[float, int]:
    """Return time and images of the plain loop's last checkpoint; empty if there is none."""
    file = place / f"{OUTPUTS['plain']}.partial" / "progress.json"
    try:
        images = json.loads(file.read_text())["images"]
        return {file.stat().st_mtime: images} if images else {}
    except (OSError, ValueError):
        return {}


def compare(place: Path, images: int, part: int, rounds: int) -> dict[str, object]:
    """Run both engines in turn; return their medians and whether the rows are equal."""
    make_images(place / "images", images)
    runs: dict[str, list[dict[str, float]]] = {engine: [] for engine in OUTPUTS}
    for _ in range(rounds):
        for engine in OUTPUTS:
            runs[engine].append(run_engine(place, engine, part))
    one, two = (read_features(place / name) for name in OUTPUTS.values())
    size = sum(file.stat().st_size for file in (place / "ray.parquet").iterdir())
    pairs = zip(runs["ray"], runs["plain"], strict=True)
    medians = {
        engine: {name: median(run[name] for run in found) for name in found[0]}
        for engine, found in runs.items()
    }
    return {
        "images": images,
        "part_images": part,
        "same_bits": bool(np.array_equal(one.values, two.values) and one.paths == two.paths),
        "rate_ratio": round(
            median(ray["images_per_s"] / here["images_per_s"] for ray, here in pairs), 3
        ),
        "bytes_per_row": round(size / images),
        "engines": medians,
        "runs": runs,
    }


def write_random_features(folder: Path, rows: int) -> None:
    """Write a Parquet folder of clustered random features."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    random = np.random.default_rng(0)
    parts = range(0, rows, ROWS_PER_PART)
    for index, start in enumerate(parts):
        numbers = np.arange(start, min(start + ROWS_PER_PART, rows))
        identities, inverse = np.unique(numbers // PER_IDENTITY, return_inverse=True)
        centers = random.standard_normal((len(identities), DIMENSIONS), np.float32)
        values = centers[inverse] + random.standard_normal((len(numbers), DIMENSIONS), np.float32)
        values /= np.linalg.norm(values, axis=1, keepdims=True)
        columns = [
            pa.array([f"images/{number:07}.jpg" for number in numbers]),
            pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), DIMENSIONS),
            pa.nulls(len(numbers), pa.string()),
        ]
        table = pa.Table.from_arrays(columns, schema=part_schema(DIMENSIONS))
        pq.write_table(table, folder / f"part-{index:06}.parquet", row_group_size=1024)
    record: dict[str, Json] = {
        "rows": rows,
        "feature_dim": DIMENSIONS,
        "units": len(parts),
        "shard": "0/1",
    }
    PartsFolder(str(folder)).write_record(FINISHED, record)


def read_and_cluster(place: Path, rows: int, clustered: int) -> dict[str, float]:
    """Return CPU seconds of reading and of clustering."""
    write_random_features(place / "many.parquet", rows)
    began, cpu = time.perf_counter(), time.process_time()
    features = read_features(place / "many.parquet")
    found = {
        "rows": float(rows),
        "read_s": time.perf_counter() - began,
        "read_cpu_s": time.process_time() - cpu,
        "clustered_rows": float(clustered),
    }
    began, cpu = time.perf_counter(), time.process_time()
    clusters = cluster_features(features.values[:clustered], 0.8)
    found |= {
        "cluster_s": time.perf_counter() - began,
        "cluster_cpu_s": time.process_time() - cpu,
        "clusters": float(clusters.max() + 1),
    }
    print(f"  {found}", flush=True)
    return {name: round(value, 2) for name, value in found.items()}


def main() -> None:
    """Parse the arguments, measure, and write the result."""
    parser = benchmark_parser("python -m benchmarks.speed.bulk_extraction", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--images", type=int, default=768, help="images to extract")
    parser.add_argument("--part", type=int, default=64, help="images per part")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each engine")
    parser.add_argument("--rows", type=int, default=126_441, help="rows to read")
    parser.add_argument("--cluster", type=int, default=15_000, help="rows to cluster")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "bulk_extraction.json", help="result file"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        result = {
            "benchmark": "bulk_extraction",
            "feature_dim": DIMENSIONS,
            "extraction": compare(place, options.images, options.part, options.rounds),
            "features": read_and_cluster(place, options.rows, min(options.cluster, options.rows)),
            "load": round(os.getloadavg()[0], 1),
            **provenance(),
        }
    print(json.dumps(result, indent=2))
    write_result(options.output, result)


if __name__ == "__main__":
    main()
