from pathlib import Path

import pytest
from small_synthetic_set import make_set

from reid_align.batches.sources import SyntheticSource


@pytest.fixture(scope="session")
def set_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a small synthetic set; image 5 has no detection."""
    return make_set(tmp_path_factory.mktemp("small") / "set", unseen=(5,))


@pytest.fixture(scope="session")
def source(set_folder: Path) -> SyntheticSource:
    return SyntheticSource(set_folder)
