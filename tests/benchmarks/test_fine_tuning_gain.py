"""Study of fine-tuning: the command on small images, and its table."""

import json
from pathlib import Path

import pytest
import torch
from tiny_people import clothes, coded

from benchmarks.studies.fine_tuning_gain import main
from reid_align import create_model, save_pretrained
from reid_align.preprocess import Preprocess

pytestmark = pytest.mark.slow

IDENTITIES, IMAGES = 14, 4


@pytest.fixture
def table(tmp_path: Path) -> Path:
    lines = ["path,person_id,camera_id"]
    for person in range(IDENTITIES):
        for view in range(IMAGES):
            name = f"{person}_{view}.jpg"
            (tmp_path / name).write_bytes(coded(clothes(person, 64, 32, view), "JPEG"))
            lines.append(f"{name},{person},{view // 2}")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_command_scores_other_identities_before_and_after(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    encoder = create_model("san_resnet14").eval()
    encoder.preprocess = Preprocess(64, 32)
    weights = save_pretrained(encoder, tmp_path / "saved")
    output = tmp_path / "result.json"
    command = ["--data", f"csv={table}", "--from", str(weights), "-o", str(output)]
    command += ["--hold-out", "8", "--steps", "8", "--batch", "4", "--identities"]
    assert main([*command, "4", "--set", "task.encoder.frozen_norms=true"]) == 0
    (row,) = json.loads(output.read_text())["rows"]
    assert row["label"] == "csv, 4 identities, task.encoder.frozen_norms=true"
    assert (row["images"], row["queries"], row["gallery"]) == (16, 16, 16)
    assert (row["steps"], row["batch"]) == (8, 16)
    for name in ("before", "adapted", "after"):
        assert 0 < row[name]["mAP"] <= 100
    assert "| 4 identities, 16 images of csv, `task.encoder.frozen" in capsys.readouterr().out
    assert main([*command, "9"]) == 2
    assert main(["-o", str(output)]) == 2
