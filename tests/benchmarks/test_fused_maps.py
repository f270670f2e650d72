"""Fused features with true, estimated and empty dense maps, from a row trained on the spot."""

import json
from pathlib import Path

import fused_maps
import paper_tables
import pytest
from encoder_table import fused_maps as table
from tiny_people import make_set


def test_maps_that_are_not_the_true_ones_move_fused_features(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people, result = make_set(tmp_path / "people"), tmp_path / "found.json"
    common = ["--table", "dsa5", "--only", "dsa_full", "--data", f"synthetic={people}"]
    common += ["--runs", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    common += ["--scale", "tiny", "--workers", "0", "--device", "cpu"]
    assert fused_maps.main([*common, "-o", str(result)]) == 2
    assert "dsa_full-0: not measured" in capsys.readouterr().err
    assert paper_tables.main(common) == 0
    other = [*common, "--set", "dsa_full:task.main_contrast_weight=1.5", "-o", str(result)]
    assert fused_maps.main(other) == 2
    assert "measured with settings" in capsys.readouterr().err
    (measured,) = (json.loads(f.read_text()) for f in (tmp_path / "results").rglob("*.json"))
    assert fused_maps.main([*common, "-o", str(result)]) == 0
    plain = ["--table", "dsa3", *common[2:3], "dsa_two_branch", *common[4:], "-o", str(result)]
    assert fused_maps.main(plain) == 2
    assert "dsa_two_branch has no fused features" in capsys.readouterr().err
    assert fused_maps.main(["--table", "dsa3", "--only", "dsa_full", "-o", str(result)]) == 2
    assert "Nothing to measure of dsa_full" in capsys.readouterr().err
    record = json.loads(result.read_text("utf-8"))
    kinds = {row["label"].partition(": ")[2]: row["z"] for row in record["rows"]}
    assert kinds.keys() == {"true maps", "estimated maps", "no maps"}
    true = measured["scores"]["synthetic"]["z"]
    assert kinds["true maps"] == {name: true[name] for name in ("rank1", "mAP")}
    assert "| dsa_full-0 on synthetic, tiny: no maps | " in table(record)
