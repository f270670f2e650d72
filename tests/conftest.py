"""Set-up of the whole suite: a local Hub, no network, no user cache or token; order of files."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hub_server import Hub
from hub_server_publish import PublishHandler

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

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
# The slowest files, slowest first, as measured by `pytest --durations`.
SLOW_FILES = (
    "tests/features/test_backends.py",
    "tests/features/test_extract_to_file.py",
    "tests/docs/test_code_blocks.py",
    "tests/synth/test_set_writer.py",
    "tests/models/test_pretrained.py",
    "tests/weights/test_bundled_weights.py",
    "tests/benchmarks/test_paper_tables_command.py",
    "tests/training/test_distributed.py",
    "tests/test_extract_command.py",
    "tests/test_train_verb.py",
    "tests/features/test_unusual_encoders.py",
    "tests/unwrapping/test_unwrap_command.py",
    "tests/recipes/test_run_recipe.py",
    "tests/benchmarks/test_precision_and_profile.py",
    "tests/recipes/test_smoke_recipes.py",
    "tests/training/test_interrupted_training.py",
    "tests/synth/test_folder_export.py",
    "tests/benchmarks/test_latency.py",
    "tests/test_synthesize_command.py",
    "tests/tasks/test_gathered_losses.py",
)
FOREIGN = ("HF_", "HUGGING", "TRANSFORMERS_OFFLINE", "REID_ALIGN_WEIGHTS")


# Threads of several workers would wait for each other. Torch reads this when it is imported.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


# A shell starts background commands with SIGINT ignored, and child processes inherit that. Tests
# that interrupt a child need the default.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "LoadFileScheduling":
    """Run all tests of a file in one worker, and the files in the order of collection."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the slowest files first, so that all workers are busy until the end."""
    ranks = {name: rank for rank, name in enumerate(SLOW_FILES)}
    items.sort(key=lambda item: ranks.get(item.nodeid.split("::")[0], len(ranks)))


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
    """Weights for small images, which make commands fast."""
    from reid_align import san_resnet50, save_pretrained
    from reid_align.preprocess import Preprocess

    encoder = san_resnet50()
    encoder.preprocess = Preprocess(32, 16)
    folder = save_pretrained(encoder, tmp_path_factory.mktemp("weights") / "encoder")
    return str(folder / "model.safetensors")
