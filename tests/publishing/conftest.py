import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hub_server import Hub
from hub_server_publish import PublishHandler
from published import NAME, REPO_ID, empty_manifest, make_run

from reid_align.publishing import ManifestUpdate, Publication, build_hub_folder, gather_publication


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Use one thread: small networks are slower with several."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, its result and its card; read-only by convention."""
    return make_run(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="session")
def publication(made: Path) -> Publication:
    return gather_publication(NAME, made / "card.toml", made / "run")


@pytest.fixture(scope="session")
def built(publication: Publication, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Hub folder; read-only by convention."""
    folder = tmp_path_factory.mktemp("built") / "try"
    build_hub_folder(publication, REPO_ID, folder)
    return folder


@pytest.fixture
def mine(made: Path, tmp_path: Path) -> Path:
    """A writable copy of card, result and run; its weights are a link."""
    (tmp_path / "run").mkdir()
    for name in ("card.toml", "result.json", "run/config.json"):
        shutil.copy(made / name, tmp_path / name)
    (tmp_path / "run" / "encoder.safetensors").symlink_to(made / "run" / "encoder.safetensors")
    return tmp_path


@pytest.fixture
def update(tmp_path: Path) -> ManifestUpdate:
    """An update of an empty manifest."""
    return ManifestUpdate(empty_manifest(tmp_path))


@pytest.fixture
def logged_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The Hub, with the maintainer's token in the environment."""
    monkeypatch.setenv("HF_TOKEN", PublishHandler.TOKEN)
    return hub


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """huggingface_hub sleeps 23 seconds between retries, and has no setting for it."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
