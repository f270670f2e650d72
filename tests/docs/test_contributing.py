"""The files that CONTRIBUTING.md names exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_named_files_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    names = set(re.findall(r"(?:tests|docs|benchmarks|publishing|\.github)/[\w./-]*[\w/]", text))
    names |= {f"reid_align/{name}" for name in re.findall(r"`((?:models|datasets)/\w+\.py)`", text)}
    assert len(names) > 10
    assert [name for name in sorted(names) if not (ROOT / name).exists()] == []
