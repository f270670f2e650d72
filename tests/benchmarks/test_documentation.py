"""The generated blocks of README.md and docs/ match the committed results."""

import subprocess
import sys
from pathlib import Path

from benchmarks.update_docs import find_pages

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "update_docs.py"


def test_generated_blocks_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pages_are_found_in_every_folder_of_docs(tmp_path: Path) -> None:
    for name in ("README.md", "docs/index.md", "docs/guides/features.md", "docs/_build/x.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = [str(path.relative_to(tmp_path)) for path in find_pages(tmp_path)]
    assert found == ["README.md", "docs/guides/features.md", "docs/index.md"]
