"""The code blocks of README and guides run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from code_blocks import find_blocks

ROOT = Path(__file__).parents[2]
RUN = Path(__file__).with_name("code_blocks.py")
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if not any(part[0] in "._" for part in path.relative_to(ROOT).parts) and find_blocks(path)
)
# Blocks that cannot run here: licensed datasets, a GPU, uploads, hours of training, set-up, UMAP,
# trackers (run by tests/tracking).
NOT_RUN = 34


def environment() -> dict[str, str]:
    """Return the environment with this interpreter as ``python``."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def synthetic_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set that the pages' `synthesize` commands write; they find it finished."""
    folder = tmp_path_factory.mktemp("synth") / "synth"
    command = "python -m reid_align.synthesize --identities 36 --images 4 --seed 0 -o"
    subprocess.run([*command.split(), str(folder)], env=environment(), check=True)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_code_blocks_run(page: str, synthetic_data: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copytree(synthetic_data, tmp_path / "data" / "synth")
    done = subprocess.run(
        [sys.executable, RUN, ROOT / page],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_few_blocks_are_not_run() -> None:
    blocks = [block for page in PAGES for block in find_blocks(ROOT / page)]
    assert sum(block.not_run is not None for block in blocks) == NOT_RUN
    assert len(blocks) > 2 * NOT_RUN


def test_replacements_and_reasons_are_read(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- run with: 3000 => 3; 10 => 1 -->\n```bash\necho 3000 10\n```\n\n"
        "<!-- not run: needs a GPU -->\n```python\n1 / 0\n```\n\n```python\nx = 1\n```\n"
    )
    run, not_run, plain = find_blocks(page)
    assert (run.line, run.language, run.code) == (2, "bash", "echo 3 1\n")
    assert (not_run.not_run, plain.not_run) == ("needs a GPU", None)
    page.write_text(page.read_text().replace("3000 10", "30"))
    with pytest.raises(ValueError, match="'3000' is not in the block"):
        find_blocks(page)


def test_a_failing_block_fails_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```bash\nfalse\ntrue\n```\n")
    done = subprocess.run([sys.executable, RUN, page], capture_output=True, text=True)
    assert done.returncode != 0
    assert f"{page}:1" in done.stdout
