"""Extraction with Ray: the rows of the plain loop, whatever is killed."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from reid_align import ExtractOptions, create_model, read_features, save_pretrained
from reid_align.features import extract_to_file
from reid_align.images import find_images
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess

pytestmark = pytest.mark.services
IMAGES, PART = 480, 16
BROKEN = "crops/0033.jpg"
SKIP = ExtractOptions(device="cpu", on_error="skip")
SECONDS = 240.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights, images, one of them broken, and their features by the plain loop."""
    folder = tmp_path_factory.mktemp("ray")
    before = Path.cwd()
    os.chdir(folder)
    try:
        encoder: Encoder = create_model("san_mobilenet_v2")
        encoder.preprocess = Preprocess(128, 64)
        save_pretrained(encoder, "weights")
        Path("crops").mkdir()
        random = np.random.default_rng(0)
        for index in range(IMAGES):
            pixels = random.integers(0, 256, (60, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(f"crops/{index:04}.jpg")
        Path(BROKEN).write_bytes(b"no image")
        extract_to_file(find_images(["crops"]), encoder, "plain.npy", SKIP)
    finally:
        os.chdir(before)
    return folder


def start(place: Path, inputs: list[str], output: str, *options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "reid_align.extract", *inputs, "-o", output]
    command += ["--engine", "ray", "--ray-workers", "2", "--part-images", str(PART)]
    command += ["--weights", "weights", "--device", "cpu", *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=place, env=environment, stderr=subprocess.PIPE, text=True)


def finish(child: "subprocess.Popen[str]") -> tuple[int, str]:
    error = child.communicate(timeout=SECONDS)[1]
    return child.returncode, error.strip().splitlines()[-1]


def wait_until(happened: Callable[[], bool], child: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + SECONDS
    while not happened():
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def parts(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("part-*.parquet")}


def children_of(process: int) -> Iterator[int]:
    """Yield the processes that a process has started, and theirs."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
        yield from more


def workers_of(process: int) -> list[int]:
    """Return the Ray workers below a process that compute features."""
    found = []
    for child in children_of(process):
        try:
            if b"ray::MapWorker" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
        except OSError:
            continue
    return found


def same_rows(first: Path, second: Path) -> None:
    one, two = read_features(first), read_features(second)
    assert one.paths == two.paths
    assert np.array_equal(one.values, two.values)
    assert one.failed == two.failed
    assert one.digest == two.digest


def test_killed_driver_and_killed_worker_lose_and_repeat_nothing(place: Path) -> None:
    output = place / "killed.parquet"
    child = start(place, ["crops"], "killed.parquet", "--on-error", "skip")
    wait_until(lambda: len(parts(output)) >= 2, child)
    child.kill()
    child.communicate()
    before = parts(output)
    assert len(before) < IMAGES // PART
    assert not (output / "_features.json").exists()

    child = start(place, ["crops"], "killed.parquet", "--on-error", "skip", "--resume")
    wait_until(lambda: len(parts(output)) > len(before) and bool(workers_of(child.pid)), child)
    os.kill(workers_of(child.pid)[0], signal.SIGKILL)
    code, line = finish(child)
    assert (code, line) == (3, "1 image could not be read; see killed.parquet.")
    same_rows(place / "plain.npy", output)
    table = pq.read_table(output)
    assert sorted(table.column("path").to_pylist()) == sorted(
        f"crops/{index:04}.jpg" for index in range(IMAGES)
    )
    assert not list(output.glob(".*.partial"))


def test_tar_files_parquet_and_an_image_that_stops_the_run(place: Path) -> None:
    paths = [f"crops/{index:04}.jpg" for index in range(64)]
    for number in range(2):
        with tarfile.open(place / f"shard-{number}.tar", "w") as archive:
            for path in paths[number * 16 : number * 16 + 16]:
                archive.add(place / path, Path(path).name)
    data = [(place / path).read_bytes() for path in paths[32:]]
    pq.write_table(pa.table({"path": paths[32:], "bytes": data}), place / "rest.parquet")
    inputs = ["shard-*.tar", "rest.parquet"]

    code, line = finish(start(place, inputs, "mixed.parquet"))
    assert code == 1
    assert BROKEN in line
    assert "--resume --on-error skip" in line

    code, line = finish(start(place, inputs, "mixed.parquet", "--resume", "--on-error", "skip"))
    assert code == 3
    found, plain = read_features(place / "mixed.parquet"), read_features(place / "plain.npy")
    assert len(found.paths) == 63
    assert np.array_equal(found.values, plain.values[:63])
    record = json.loads((place / "mixed.parquet" / "_features.json").read_text())
    assert (record["units"], record["failed_images"]) == (4, 1)


def test_an_unreachable_cluster_is_one_line(place: Path) -> None:
    options = ["--ray-address", "127.0.0.1:1"]
    code, line = finish(start(place, ["crops"], "nothing.parquet", *options))
    assert code == 2
    assert "Cannot connect to Ray at 127.0.0.1:1" in line
