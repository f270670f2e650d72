"""Images and features on a real S3-compatible server on the loopback interface."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_align import create_model, read_features, save_pretrained
from reid_align.preprocess import Preprocess

pytestmark = pytest.mark.services
BUCKET = "s3://crops-of-tests"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Address of an S3 server with an empty bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def environment(endpoint: str) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    region = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": endpoint}
    return {**os.environ, **keys, **region, "OMP_NUM_THREADS": "1"}


def run(place: Path, environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "reid_align", *arguments],
        cwd=place, env=environment, stderr=subprocess.PIPE, text=True, check=False, timeout=240,
    )  # fmt: skip
    return done.returncode, (done.stderr.strip().splitlines() or [""])[-1]


def test_images_and_features_at_s3(
    tmp_path: Path, endpoint: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import s3fs

    encoder = create_model("san_mobilenet_v2")
    encoder.preprocess = Preprocess(32, 16)
    save_pretrained(encoder, tmp_path / "weights")
    (tmp_path / "crops").mkdir()
    random = np.random.default_rng(0)
    for index in range(40):
        pixels = random.integers(0, 256, (40, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"crops/{index:02}.jpg")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    system.mkdir(BUCKET)
    system.put(str(tmp_path / "crops"), f"{BUCKET}/crops", recursive=True)

    common = ["--weights", "weights", "--device", "cpu"]
    extract = ["extract", f"{BUCKET}/crops", *common]
    assert run(tmp_path, environment, "extract", "crops", "-o", "plain.npy", *common)[0] == 0
    assert run(tmp_path, environment, *extract, "-o", "s3.npy")[0] == 0
    ray = ["--engine", "ray", "--ray-workers", "2", "--part-images", "16"]
    assert run(tmp_path, environment, *extract, "-o", f"{BUCKET}/f.parquet", *ray)[0] == 0

    plain, from_s3 = read_features(tmp_path / "plain.npy"), read_features(tmp_path / "s3.npy")
    assert np.array_equal(plain.values, from_s3.values)
    assert from_s3.paths == tuple(f"{BUCKET}/{path}" for path in plain.paths)
    stored = read_features(f"{BUCKET}/f.parquet")
    assert stored.paths == from_s3.paths
    assert np.array_equal(stored.values, plain.values)
    query = ["search", f"{BUCKET}/crops/07.jpg", "--gallery", f"{BUCKET}/f.parquet", "-k", "1"]
    assert run(tmp_path, environment, *query)[0] == 0


def test_an_unreachable_bucket_is_one_line(tmp_path: Path, environment: dict[str, str]) -> None:
    nowhere = environment | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    arguments = ["extract", f"{BUCKET}/crops", "-o", "f.npy", "--weights", "random"]
    for given, expected in (
        (nowhere, f"Cannot access {BUCKET}/crops: "),
        (environment, "crops-of-nobody"),
    ):
        named = [argument.replace("of-tests", "of-nobody") for argument in arguments]
        code, line = run(tmp_path, given, *(named if given is environment else arguments))
        assert code == 1
        assert expected in line
        assert not list(tmp_path.glob("f.npy*"))
