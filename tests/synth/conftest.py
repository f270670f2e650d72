from pathlib import Path

import pytest

from reid_align.shard_set import ShardSet
from reid_align.synth.set_writer import write_set
from reid_align.synth.synth_settings import SynthSettings

SETTINGS = SynthSettings(identities=24, images=2, seed=4)


@pytest.fixture(scope="session")
def synthetic_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "set"
    write_set(folder, SETTINGS, num_workers=1)
    return folder


@pytest.fixture(scope="session")
def synthetic_set(synthetic_folder: Path) -> ShardSet:
    return ShardSet(synthetic_folder)
