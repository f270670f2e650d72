from pathlib import Path

import pytest
from tiny_people import make_set, write_files

from reid_align.recipes import RECIPES, Data, read_data, tiny
from reid_align.weights import FileInfo, module_fingerprint, save_tensors


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


@pytest.fixture(scope="session")
def generator(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a run of the generator that has not learned anything."""
    folder = tmp_path_factory.mktemp("runs") / "pg"
    folder.mkdir()
    for name, product in tiny(RECIPES["san_pg"]).last.task.build(0).products().items():
        module, size = product.module, product.preprocess
        made = (product.architecture, product.arch_args, size)
        info = FileInfo(*made, module_fingerprint(module))
        save_tensors(module, folder / f"{name}.safetensors", info)
    return str(folder)
