"""For the whole suite: no test reaches the internet, the user's cache or the user's token."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import Hub
from hub_server_publish import PublishHandler

# The client reads most of its variables once, when it is imported, which is after this.
HOME = Path(tempfile.mkdtemp(prefix="reid_align-hub-"))
SERVER = Hub(PublishHandler)
OURS = {
    "HF_ENDPOINT": SERVER.url,
    "HF_HOME": str(HOME),
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "NO_PROXY": "127.0.0.1,localhost",
}
FOREIGN = ("HF_", "HUGGING", "TRANSFORMERS_OFFLINE", "REID_ALIGN_WEIGHTS")


def pytest_configure() -> None:
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    os.environ.update(OURS)
    SERVER.start()


def pytest_unconfigure() -> None:
    SERVER.shutdown()
    SERVER.server_close()
    shutil.rmtree(HOME)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """The Hub of this suite, empty, with an empty cache."""
    SERVER.reset()
    shutil.rmtree(HOME / "hub", ignore_errors=True)
    yield SERVER
    SERVER.reset()


@pytest.fixture
def hub_cache(hub: Hub) -> Path:
    """The folder of the client's cache, empty."""
    return HOME / "hub"


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of ours that wants small images, so that commands that use it are quick."""
    from reid_align import san_resnet50, save_pretrained
    from reid_align.preprocess import Preprocess

    encoder = san_resnet50()
    encoder.preprocess = Preprocess(32, 16)
    folder = save_pretrained(encoder, tmp_path_factory.mktemp("weights") / "encoder")
    return str(folder / "model.safetensors")
