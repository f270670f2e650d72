"""CMC and ROC curves, and the subcommand that draws them."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_align.show import main as show
from reid_align.viz.rate_curves import draw_rate_curves

CMC = {"a_b": [0.5, 0.7, 0.8], "_$x": [0.2, 0.3, 0.9]}
ROC = {"a": [(0.0, 0.1), (0.01, 0.5), (1.0, 1.0)]}


def test_one_panel_per_kind_of_curve() -> None:
    assert draw_rate_curves(CMC, ROC).size == (1120, 440)
    assert draw_rate_curves({}, ROC).size == (560, 440)
    assert draw_rate_curves({}, {}).size == (560, 440)
    changed = draw_rate_curves(CMC | {"a_b": [0.6, 0.7, 0.8]}, {})
    assert (np.asarray(changed) != np.asarray(draw_rate_curves(CMC, {}))).any()


def result(path: Path) -> None:
    common = {"normalize_cameras": False, "reranked": False}
    scores = [{"metric": metric, "cmc": [50, 60], **common} for metric in ("cosine", "euclidean")]
    table = {"metric": "cosine", "split": "test", "equal_error_rate": 12.5, "roc": [[1, 50]]}
    path.write_text(json.dumps({"scores": scores, "verification": [table]}))


def test_the_command_draws_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result(Path("a.json"))
    result(Path("b.json"))
    assert show(["curves", "a.json", "b.json", "-o", "c.png"]) == 0
    with Image.open("c.png") as image:
        assert image.size == (1120, 440)
    assert show(["curves", "a.json", "-o", "c.png"]) == 2
    assert show(["curves", "a.json", "-o", "c.png", "--force"]) == 0


def test_files_without_curves_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result(Path("a.json"))
    Path("bad.json").write_text("[]")
    Path("empty.json").write_text('{"scores": [], "verification": []}')
    for arguments, message in (
        (["bad.json"], "bad.json has no curves"),
        (["empty.json"], "empty.json has no curve for the cosine distance"),
        (["missing.json"], "missing.json has no curves"),
        (["a.json", "a.json"], "Give a different label"),
        (["a.json", "--labels", "x", "y"], "Give a different label"),
    ):
        assert show(["curves", *arguments, "-o", "c.png"]) == 2
        assert message in capsys.readouterr().err
