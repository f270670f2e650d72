"""The wheel, the metadata and the README's commands."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.sdist import SdistBuilder

import reid_align

ROOT = Path(__file__).parents[1]
# Import names that differ from the name of the distribution.
DISTRIBUTIONS = {
    "fastapi_offline": "fastapi-offline",
    "prometheus_client": "prometheus-client",
    "faiss": "faiss-cpu",
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
}
# These parts need an extra, and may import its packages at module level.
OPTIONAL_PARTS = {"demo_page", "synth", "service"}


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
    folders = {
        ".ci", "benchmarks", "deploy", "docs", "examples", "publishing", "reid_align", "tests",
        "tools",
    }  # fmt: skip
    expected = {path for path in everything if path.parts[0] in folders}
    assert {path.parts[0] for path in expected} == folders
    assert expected <= packed
    others = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "weights_manifest.json"}
    assert others <= {str(path) for path in packed}


def test_an_editable_install_finds_the_manifest_of_the_repository() -> None:
    from reid_align.weights import find_manifest

    assert find_manifest() == ROOT / "weights_manifest.json"


def requirement_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~ ]", requirement)[0] for requirement in requirements}


def third_party_imports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Yield each imported distribution, and whether the import is at module level."""
    typing_only = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                modules = [alias.name for alias in node.names]
            case ast.ImportFrom(module=str(module)):
                modules = [module]
            case ast.Call(
                func=ast.Name(id="import_runtime"), args=[ast.Constant(value=str(module)), *_]
            ):
                modules = [module]
            case _:
                continue
        for name in {module.split(".")[0] for module in modules if node not in typing_only}:
            if name != "reid_align" and name not in sys.stdlib_module_names:
                yield DISTRIBUTIONS.get(name, name), node in tree.body


def test_imports_match_the_declared_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    core = requirement_names(project["dependencies"])
    extras = {
        name
        for extra, requirements in project["optional-dependencies"].items()
        if extra not in ("dev", "docs", "services")
        for name in requirement_names(requirements)
    }
    imported = set()
    for file in sorted((ROOT / "reid_align").rglob("*.py")):
        part = file.relative_to(ROOT / "reid_align").parts[0]
        for name, at_module_level in third_party_imports(ast.parse(file.read_text("utf-8"))):
            imported.add(name)
            if name not in core:
                assert name in extras, f"{file} imports {name}, which is not declared"
                late = not at_module_level or part in OPTIONAL_PARTS
                assert late, f"{file} imports {name}, which is optional, at module level"
    assert core <= imported, f"declared but not imported: {core - imported}"
    assert project["requires-python"] == ">=3.11"


def test_undeclared_imports_are_found() -> None:
    source = (
        "import os, yaml.nodes\nfrom PIL import Image\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import pandas\n"
        "def load():\n    import cv2\n    return import_runtime('openvino', 'openvino')\n"
    )
    assert dict(third_party_imports(ast.parse(source))) == {
        "yaml": True,
        "pillow": True,
        "opencv-python-headless": False,
        "openvino": False,
    }


def test_ci_runs_the_readmes_own_test_command() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)
    commands = [line for block in blocks[:2] for line in block.splitlines()]
    assert len(commands) == 2, "the README opens with two commands"
    assert commands[1] in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
