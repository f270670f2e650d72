from pathlib import Path

import pytest
from tiny_people import make_set, write_files

from reid_align.recipes import Data, read_data


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a synthetic set of eight persons."""
    return make_set(tmp_path_factory.mktemp("people") / "set")


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same persons as files, in a CSV file."""
    return write_files(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def data(people: Path) -> Data:
    return read_data(f"synthetic={people}")
