import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def benchmark() -> Iterator[ModuleType]:
    path = Path(__file__).parents[2] / "benchmarks" / "evaluation.py"
    spec = importlib.util.spec_from_file_location("evaluation_benchmark", path)
    module = importlib.util.module_from_spec(spec)
    # As a script finds the modules beside it.
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(path.parent))


def test_the_variants_agree_on_a_drawn_problem(benchmark: ModuleType, tmp_path: Path) -> None:
    benchmark.draw(benchmark.Problem(40, 150, 30, 12, 3, 16, 1.2), 0, tmp_path)
    found = {name: benchmark.measure(name, tmp_path) for name in benchmark.VARIANTS}
    assert [name for name, figures in found.items() if not figures.scores] == ["multiply"]
    assert 0.2 < found["sort"].scores["mAP"] < 0.9
    assert found["evaluate"].scores == pytest.approx(found["sort"].scores)
    for figures in found.values():
        assert min(figures.wall_s, figures.cpu_s, figures.peak_mib) >= 0


def test_the_record_is_written_whole(benchmark: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "results" / "evaluation.json"
    record = {"benchmark": "evaluation", "figures": [1.5]}
    benchmark.write_result(path, record)
    assert json.loads(path.read_text("utf-8")) == record
    assert [file.name for file in path.parent.iterdir()] == ["evaluation.json"]
