"""The profiled stages of synthesis exist."""

import ast
from pathlib import Path

from benchmarks.speed.synth_speed import STAGES

PACKAGE = Path(__file__).parents[2] / "reid_align"


def test_stages_name_existing_functions() -> None:
    defined = {
        node.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert {name for names in STAGES.values() for name in names} <= defined
