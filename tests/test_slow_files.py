"""The files that the suite starts first exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_slow_files_exist() -> None:
    text = (ROOT / "tests" / "conftest.py").read_text("utf-8")
    names = re.findall(r'"(tests/.*\.py)"', text)
    assert len(names) > 10
    assert [name for name in names if not (ROOT / name).is_file()] == []
