"""Images and features on a real S3-compatible server on the loopback interface."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reid_align import create_model, read_features, save_pretrained
from reid_align.extract import main as extract
from reid_align.preprocess import Preprocess
from reid_align.search import main as search

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
def system(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """The server's file system for this process; the current folder has weights."""
    import s3fs

    settings = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    encoder = create_model("san_mobilenet_v2")
    encoder.preprocess = Preprocess(32, 16)
    save_pretrained(encoder, "weights")
    s3fs.S3FileSystem.clear_instance_cache()
    yield s3fs.S3FileSystem()
    s3fs.S3FileSystem.clear_instance_cache()


# Ray uses its own deprecated settings.
@pytest.mark.filterwarnings("ignore")
def test_images_and_features_at_s3(system: Any) -> None:  # noqa: ANN401
    Path("crops").mkdir()
    random = np.random.default_rng(0)
    for index in range(40):
        pixels = random.integers(0, 256, (40, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(f"crops/{index:02}.jpg")
    system.mkdir(BUCKET)
    system.put("crops", f"{BUCKET}/crops", recursive=True)

    common = ["--weights", "weights", "--device", "cpu"]
    assert extract(["crops", "-o", "plain.npy", *common]) == 0
    assert extract([f"{BUCKET}/crops", "-o", "s3.npy", *common]) == 0
    ray = ["--engine", "ray", "--ray-workers", "2", "--part-images", "16"]
    assert extract([f"{BUCKET}/crops", "-o", f"{BUCKET}/f.parquet", *common, *ray]) == 0

    plain, from_s3 = read_features("plain.npy"), read_features("s3.npy")
    assert np.array_equal(plain.values, from_s3.values)
    assert from_s3.paths == tuple(f"{BUCKET}/{path}" for path in plain.paths)
    stored = read_features(f"{BUCKET}/f.parquet")
    assert stored.paths == from_s3.paths
    assert np.array_equal(stored.values, plain.values)
    query = [f"{BUCKET}/crops/07.jpg", "--gallery", f"{BUCKET}/f.parquet", "-k", "1"]
    assert search(query) == 0


def test_an_unreachable_or_missing_bucket_is_one_line(
    system: Any,  # noqa: ANN401
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    common = ["-o", "f.npy", "--weights", "weights"]
    assert extract(["s3://no-such-bucket/crops", *common]) == 1
    assert "s3://no-such-bucket/crops: no such file or folder" in capsys.readouterr().err
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(type(system), "retries", 1)
    type(system).clear_instance_cache()
    assert extract([f"{BUCKET}/crops", *common]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"Cannot access {BUCKET}/crops: Could not connect" in error
    assert "--resume" in error
    assert not list(Path().glob("f.npy*"))
