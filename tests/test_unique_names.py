"""One name, one meaning: names of files and classes."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = [
    file
    for folder in ("reid_align", "benchmarks", "tools")
    for file in sorted((ROOT / folder).rglob("*.py"))
]


def repeated(names: list[tuple[str, Path]]) -> dict[str, list[str]]:
    places = defaultdict(list)
    for name, file in names:
        places[name].append(str(file.relative_to(ROOT)))
    return {name: files for name, files in places.items() if len(files) > 1}


def test_file_names_are_unique() -> None:
    names = [(file.name, file) for file in FILES if not file.name.startswith("__")]
    assert not repeated(names)


def test_class_names_are_unique() -> None:
    names = [
        (node.name, file)
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert not repeated(names)
