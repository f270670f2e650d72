"""The figures on int8 storage: what the committed command measures, and where it writes it."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_people import make_set

from benchmarks.speed import storage
from reid_align import create_model, save_pretrained
from reid_align.preprocess import Preprocess


def test_int8_is_compared_in_features_size_and_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    encoder = create_model("san_densenet121")
    encoder.preprocess = Preprocess(32, 16)
    weights = save_pretrained(encoder, tmp_path / "encoder") / "model.safetensors"
    (tmp_path / "crops").mkdir()
    for index in range(3):
        noise = np.random.default_rng(index).integers(0, 256, (32, 16, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / "crops" / f"{index}.png")
    output = tmp_path / "storage.json"
    before = [{"label": "other"}, {"label": "mine"}]
    output.write_text(json.dumps({"benchmark": "storage", "rows": before}))
    command = ["storage.py", weights, "--label", "mine", "--images", tmp_path / "crops"]
    command += ["--data", f"synthetic={make_set(tmp_path / 'set')}"]
    command += ["--output", output, "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", list(map(str, command)))
    storage.main()

    other, row = json.loads(output.read_text())["rows"]
    assert other == {"label": "other"}
    assert (row["label"], row["architecture"], row["images"]) == ("mine", "san_densenet121", 3)
    assert row["bytes"]["full"] == weights.stat().st_size
    assert 0.2 < row["bytes"]["int8"] / row["bytes"]["full"] < 0.3
    assert 0.99 < row["cosine_min"] <= row["cosine_mean"] <= 1
    assert row["cosine_min"] < 1
    scores = row["scores"]["synthetic"]
    for key in ("rank1", "mAP"):
        assert 0 < scores["full"][key] <= 100
        change = scores["int8"][key] - scores["full"][key]
        assert abs(change - scores["change"][key]) < 0.011
