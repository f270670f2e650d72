"""Download tests in subprocesses: environment variables and concurrent downloads."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hub_server import Hub, sha256

import reid_align
from reid_align.weights import HubFile
from reid_align.weights.hub_download import download

pytestmark = pytest.mark.slow

CONTENT = bytes(range(256)) * 4000
SCRIPT = """
import sys, time
time.sleep = lambda seconds: None  # skip the waits between retries
from reid_align.errors import WeightsError
from reid_align.weights import HubFile
from reid_align.weights.hub_download import download
repo_id, revision, size, sha256 = sys.argv[1:5]
for name in sys.argv[5:]:
    try:
        print(download(HubFile(repo_id, revision, name), int(size), sha256))
    except WeightsError as error:
        print(type(error).__name__, error)
"""


def start(file: HubFile, *names: str, **environment: str) -> subprocess.Popen[str]:
    arguments = [file.repo_id, file.revision, str(len(CONTENT)), sha256(CONTENT), *names]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        env=os.environ | environment,
        cwd=Path(reid_align.__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
    )


def lines_of(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return output.splitlines()


def test_two_processes_at_once_both_get_the_file(
    hub: Hub, published: Callable[..., HubFile]
) -> None:
    file = published(CONTENT)
    processes = [start(file, file.filename) for _ in range(2)]
    paths = {line for process in processes for line in lines_of(process)}
    assert [Path(path).read_bytes() == CONTENT for path in paths] == [True]
    assert 1 <= len(hub.cdn_downloads()) <= 2


def test_the_cache_works_offline_and_without_a_server(
    hub: Hub, published: Callable[..., HubFile]
) -> None:
    file = published(CONTENT)
    path = download(file, len(CONTENT), sha256(CONTENT))
    hub.requests.clear()
    names = (file.filename, "other.safetensors")
    offline = start(file, *names, HF_HUB_OFFLINE="1")
    unreachable = start(file, *names, HF_ENDPOINT="http://127.0.0.1:9")

    cached, missing = lines_of(offline)
    assert cached == str(path)
    assert missing.startswith("WeightsNotFoundError")
    assert "HF_HUB_OFFLINE is set" in missing

    cached, missing = lines_of(unreachable)
    assert cached == str(path)
    assert missing.startswith("WeightsNotFoundError")
    assert "the request to http://127.0.0.1:9 failed" in missing
    assert hub.requests == []
