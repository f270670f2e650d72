"""The benchmark of evaluation on another device than the CPU."""

from pathlib import Path

import pytest

from benchmarks.docs_tables.evaluation_tables import HEAD
from benchmarks.docs_tables.evaluation_tables import evaluation as evaluation_table
from benchmarks.speed import evaluation
from benchmarks.speed.evaluation_methods import METHODS
from benchmarks.speed.evaluation_problem import Problem, Side, draw, first, load

ORIGIN = {"command": "run", "commit": "0123456789", "machine": "m", "cores": 2, "torch": "2.6"}


@pytest.mark.parametrize(("device", "before"), [("cpu", []), ("cuda", [(64, 1024)])])
def test_gpu_measurement_has_a_warm_up(
    device: str, before: list[tuple[int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def way(query: Side, gallery: Side, where: str) -> dict[str, float]:
        assert where == device
        assert {len(values) for values in query} == {len(query.features)}
        seen.append((len(query.features), len(gallery.features)))
        return {"rank1": float(len(seen))}

    draw(Problem(70, 1100, 0, 12, 3, 4), 0, tmp_path)
    monkeypatch.setitem(METHODS, "evaluate", way)
    found = evaluation.measure("evaluate", tmp_path, device)
    assert seen == [*before, (70, 1100)]
    assert found.scores == {"rank1": len(seen)}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_runs_on_the_warm_up_size(name: str, tmp_path: Path) -> None:
    draw(Problem(500, 3000, 400, 100, 3, 4), 0, tmp_path)
    query, gallery = load(tmp_path)
    METHODS[name](first(query, evaluation.WARM_UP[0]), first(gallery, evaluation.WARM_UP[1]), "cpu")


def row(device: str, device_mib: float) -> dict[str, object]:
    figures = {"wall_s": 2.0, "cpu_s": 4.0, "peak_mib": 64.0, "process_mib": 700.0}
    problem = {"queries": 10, "gallery": 20, "dimensions": 64}
    runs = [{"problem": problem, "figures": {"evaluate": {**figures, "device_mib": device_mib}}}]
    return {**ORIGIN, "label": device, "device": device, "runs": runs}


def test_gpu_memory_column_is_shown_if_used() -> None:
    both = evaluation_table({"rows": [row("cpu", 0.0), row("cuda", 1234.4)]})
    assert f"| {HEAD[-1]} |" in both
    assert "| 10 × 20 × 64 | evaluation, reid_align | 2.0 |  | 4.0 | 64 | 700 |  |" in both
    assert (
        "| 10 × 20 × 64, cuda | evaluation, reid_align | 2.0 |  | 4.0 | 64 | 700 | 1,234 |" in both
    )
    assert HEAD[-1] not in evaluation_table({"rows": [row("cpu", 0.0)]})
