from pathlib import Path

import pytest
from synthetic_twin import make_set

from reid_align.batches.sources import SyntheticSource


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small synthetic set; on its image 5 nobody was detected."""
    return make_set(tmp_path_factory.mktemp("twin") / "set", unseen=(5,))


@pytest.fixture(scope="session")
def source(twin: Path) -> SyntheticSource:
    return SyntheticSource(twin)
