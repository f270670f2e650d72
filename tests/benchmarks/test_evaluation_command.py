"""The benchmark of evaluation: all ways do the same work, and the tables say what was found."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from naive_metrics import naive_rerank

from benchmarks.docs_tables import evaluation_tables
from benchmarks.speed import evaluation, evaluation_methods, evaluation_problem


def test_methods_agree_on_random_features(tmp_path: Path) -> None:
    evaluation_problem.draw(evaluation_problem.Problem(40, 150, 30, 12, 3, 16, 1.2), 0, tmp_path)
    found = {name: evaluation.measure(name, tmp_path, "cpu") for name in evaluation_methods.METHODS}
    assert [name for name, figures in found.items() if not figures.scores] == ["multiply"]
    assert 0.2 < found["sort"].scores["mAP"] < 0.9
    for ours, theirs in evaluation.AGREEING:
        assert found[ours].scores == pytest.approx(found[theirs].scores)
    assert found["rerank"].scores != found["evaluate"].scores
    for figures in found.values():
        assert min(figures.wall_s, figures.cpu_s, figures.peak_mib, figures.device_mib) >= 0
        assert figures.process_mib > 50


def test_rerank_in_tables_matches_the_naive_algorithm() -> None:
    random = np.random.default_rng(0)
    query, gallery = (random.standard_normal((count, 6), np.float32) for count in (12, 50))
    everyone = np.concatenate([query, gallery])
    distances = np.linalg.norm(everyone[:, None] - everyone, axis=2).astype(np.float32)
    tables = distances[:12, 12:], distances[:12, :12], distances[12:, 12:]
    expected = naive_rerank(query, gallery, "euclidean", 20, 6, 0.3)
    np.testing.assert_allclose(evaluation_methods._rerank_tables(*tables), expected, atol=2e-6)


def test_disagreeing_scores_are_reported() -> None:
    pairs = {"evaluate": (0.5, 0.4), "sort": (0.5, 0.41), "rerank": (0.6, 0.5)}
    best = {
        way: evaluation.Figures(way, 1, 1, 0, 0, 0, {"rank1": rank1, "mAP": mean_ap})
        for way, (rank1, mean_ap) in pairs.items()
    }
    [sentence] = evaluation.disagreements(best)
    assert "0.41" in sentence
    near = best["evaluate"]._replace(scores={"rank1": 0.5, "mAP": 0.4101})
    assert evaluation.disagreements({**best, "evaluate": near}) == []


def test_command_adds_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "evaluation.json"
    output.write_text(json.dumps({"rows": [{"label": "market"}, {"label": "mine"}]}))
    command = ["evaluation.py", "--ways", "evaluate", "--label", "mine", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", [*command, "--rounds", "1"])
    evaluation.main()
    market, row = json.loads(output.read_text())["rows"]
    assert market == {"label": "market"}
    assert (row["size"], row["device"]) == ("small", "cpu")
    assert 0 < row["runs"][0]["figures"]["evaluate"]["scores"]["mAP"] < 1


def figures(wall_s: float) -> dict[str, float]:
    return {"wall_s": wall_s, "cpu_s": 2 * wall_s, "peak_mib": 1234.4, "process_mib": 2000.0}


def run(gallery: int) -> dict[str, object]:
    problem = {"queries": 3000, "gallery": gallery, "dimensions": 64}
    ways = {"multiply": figures(2.0), "evaluate": figures(2.4), "rerank": figures(8.0)}
    return {"problem": problem, "figures": ways}


def row(label: str, *galleries: int) -> dict[str, object]:
    origin = {"commit": "0123456789", "machine": "a machine", "cores": 2, "torch": "2.6"}
    runs = [run(gallery) for gallery in galleries]
    return {"label": label, "command": f"run {label}", "device": "cpu", "runs": runs, **origin}


def test_evaluation_table_has_the_ratio_to_the_product() -> None:
    record = {"rows": [row("market", 16000), row("growth", 1000, 2000)]}
    text = evaluation_tables.evaluation(record)
    size = "3,000 × 16,000 × 64"
    assert f"| {size} | evaluation, reid_align | 2.4 | 1.20 × | 4.8 | 1,234 | 2,000 |" in text
    assert "1,000 ×" not in text.replace(size, "")
    assert "images/evaluation.png" in text
    assert "`run market`" in text
    assert "`run growth`" in text
    assert evaluation_tables.draw_evaluation(record).size == (1280, 600)
    assert "png" not in evaluation_tables.evaluation({"rows": [row("market", 16000)]})
