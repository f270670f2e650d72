"""The wheel, the metadata and the README's commands."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
import torch
from hatchling.builders.sdist import SdistBuilder

import reid_align
from reid_align.models.factory import MODELS

ROOT = Path(__file__).parents[1]
CORE = {"torch", "torchvision", "huggingface_hub", "safetensors", "numpy", "pillow"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_package_the_manifest_and_the_license_only(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert "reid_align/weights_manifest.json" in names
    assert "reid_align/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names} == {
        "reid_align",
        f"reid_align-{reid_align.__version__}.dist-info",
    }


def test_the_wheel_works_away_from_the_repository(wheel: Path, tmp_path: Path) -> None:
    ZipFile(wheel).extractall(tmp_path / "site")
    script = (
        "import reid_align, reid_align.weights as w; print(reid_align.__file__);"
        "print(w.find_manifest()); print(reid_align.list_models(), reid_align.list_weights())"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    package, manifest, models = done.stdout.splitlines()
    assert Path(package).parent == tmp_path / "site" / "reid_align"
    assert Path(manifest) == tmp_path / "site" / "reid_align" / "weights_manifest.json"
    assert models.startswith(f"{reid_align.list_models()}")


def files_of(builder: SdistBuilder) -> set[Path]:
    return {Path(file.path).relative_to(ROOT) for file in builder.recurse_included_files()}


def test_the_source_distribution_holds_all_that_its_tests_read() -> None:
    packed = files_of(SdistBuilder(str(ROOT)))
    # Without settings: all that git does not ignore.
    everything = files_of(SdistBuilder(str(ROOT), config={}))
    folders = {".ci", "benchmarks", "docs", "examples", "publishing", "reid_align", "tests"}
    expected = {path for path in everything if path.parts[0] in folders}
    assert {path.parts[0] for path in expected} == folders
    assert expected <= packed
    others = {"README.md", "CHANGELOG.md", "LICENSE", "weights_manifest.json"}
    assert others <= {str(path) for path in packed}


def test_an_editable_install_finds_the_manifest_of_the_repository() -> None:
    from reid_align.weights import find_manifest

    assert find_manifest() == ROOT / "weights_manifest.json"


def test_the_core_needs_six_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[<>=!~ ]", requirement)[0] for requirement in project["dependencies"]}
    assert names == CORE
    assert project["requires-python"] == ">=3.11"


def test_the_readme_states_the_parameters_and_dimensions_of_the_encoders() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(
        r"^\| `(\w+)(?:\(head=\"(\w+)\"\))?` .* \| (\d+) \| ([\d,]+) \|$", readme, re.M
    )
    assert {name for name, *_ in rows} == set(reid_align.list_models())
    for name, head, feature_dim, parameters in rows:
        with torch.device("meta"):
            encoder = MODELS[name](**({"head": head} if head else {}))
        assert encoder.feature_dim == int(feature_dim)
        count = sum(parameter.numel() for parameter in encoder.parameters())
        assert f"{count:,}" == parameters


def test_ci_runs_the_readmes_own_test_command() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)
    commands = [line for block in blocks[:2] for line in block.splitlines()]
    assert len(commands) == 2, "the README opens with two commands"
    assert commands[1] in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
