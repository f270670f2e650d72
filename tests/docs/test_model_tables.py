"""The tables of the page "Models and weights" are complete."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import reid_align

EXTENSIONS = Path(__file__).parents[2] / "docs" / "_ext"


@pytest.fixture
def model_tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    pytest.importorskip("sphinx", reason="needs the extra docs")
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    import model_tables

    yield model_tables
    del sys.modules["model_tables"]


def test_every_architecture_has_a_row(model_tables: ModuleType) -> None:
    rows = re.findall(r"^\| `(\w+)(?:\(.*\))?` ", model_tables.architectures(), re.MULTILINE)
    assert set(rows) == set(reid_align.list_models())


def test_parameters_and_dimensions_are_those_of_the_papers(model_tables: ModuleType) -> None:
    text = model_tables.architectures()
    assert re.search(r"`san_resnet50` .* \| 2,048 \| 23,508,032 \|", text)
    assert re.search(r"`san_resnet50\(head=\"fc512\"\)` .* \| 512 \| 24,558,144 \|", text)
    assert re.search(r"`dsa_reid` .* \| 4,096 \| 27,692,096 \|", text)


def test_all_published_weights_have_a_section(model_tables: ModuleType) -> None:
    text = model_tables.weights()
    for name in reid_align.list_weights():
        assert f"### `{name}`" in text
