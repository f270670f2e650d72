from pathlib import Path

import pytest
from tiny_people import make_set, write_files

from reid_align.recipes import RECIPES, RecipeData, load_recipe_data, smoke_test
from reid_align.weights import WeightsHeader, module_fingerprint, save_tensors


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a synthetic set of eight identities."""
    return make_set(tmp_path_factory.mktemp("people") / "set")


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CSV file of the same identities as image files."""
    return write_files(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def data(people: Path) -> RecipeData:
    return load_recipe_data(f"synthetic={people}")


@pytest.fixture(scope="session")
def generator(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a run of the generator with random weights."""
    folder = tmp_path_factory.mktemp("runs") / "pg"
    folder.mkdir()
    for name, product in smoke_test(RECIPES["san_pg"]).last.task.build(0).products().items():
        module, size = product.module, product.preprocess
        made = (product.architecture, product.arch_args, size)
        info = WeightsHeader(*made, module_fingerprint(module))
        save_tensors(module, folder / f"{name}.safetensors", info)
    return str(folder)
