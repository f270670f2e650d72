"""The zoo's figures: measured from files and datasets, kept by label, and read by the table."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.docs_tables import zoo_table
from benchmarks.studies import zoo
from reid_align import create_model, save_pretrained
from reid_align.datasets import ImageRecord, ReidDataset, Split
from reid_align.preprocess import Preprocess
from reid_align.weights import shipped_weights

PEOPLE, CAMERAS, VIEWS = 6, 2, 3
SCORES = {
    "note": "128×64 copies of the crops",
    "plain": {"rank1": 14.25, "mAP": 13.5},
    "camera_wise": {"rank1": 19.0, "mAP": 18.0},
    "flip_adapted": {"rank1": 17.0, "mAP": 16.0},
    "flip_adapted_camera_wise": {"rank1": 20.75, "mAP": 19.25},
    "flip_adapted_camera_wise_reranked": {"rank1": 22.5, "mAP": 24.0},
}
ROW = {
    "label": "san_resnet50.toy",
    "license": "Apache-2.0",
    "bytes": 3 * 2**23,
    "parameters": 23508032,
    "feature_dim": 2048,
    "height": 128,
    "width": 64,
    "images_per_second": {"median": 71.4, "threads": 2, "device": "cpu"},
    "scores": {"cuhk03_detected": SCORES},
    "command": "python zoo.py",
    "commit": "0123456789",
    "machine": "a machine",
    "cores": 2,
    "torch": "2.6",
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    encoder = create_model("san_resnet18")
    encoder.preprocess = Preprocess(32, 16)
    return save_pretrained(encoder, tmp_path_factory.mktemp("zoo") / "e") / "model.safetensors"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Six people in plain colors, thrice before each of two cameras, of which one is dark."""
    lines = ["path,person_id,camera_id,split"]
    for number in range(PEOPLE * CAMERAS * VIEWS):
        person, camera, view = number // 6, number // 3 % 2, number % 3
        color = np.random.default_rng(person).integers(90, 220, 3) // (1 + 2 * camera)
        noise = np.random.default_rng([number, 1]).integers(-8, 9, (32, 16, 3))
        Image.fromarray((color + noise).astype(np.uint8)).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{person},{camera},{'gallery' if view else 'query'}")
    (tmp_path / "people.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "people.csv"


def test_file_is_measured_and_its_row_replaced(
    weights: Path, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "zoo.json"
    output.write_text(json.dumps({"rows": [{"label": "mine", "old": 1}, {"label": "other"}]}))
    command = ["zoo.py", "--weights", weights, "--label", "mine", "--data", f"csv={people}"]
    command += ["--device", "cpu", "--threads", "1", "--output", output]
    monkeypatch.setattr(sys, "argv", list(map(str, command)))
    zoo.main()

    row, other = json.loads(output.read_text())["rows"]
    assert other == {"label": "other"}
    assert "old" not in row
    assert (row["parameters"], row["feature_dim"], row["license"]) == (11176512, 512, None)
    assert row["bytes"] == weights.stat().st_size
    assert row["images_per_second"]["median"] > 0
    assert row["images_per_second"]["threads"] == 1
    found = row["scores"]["csv"]
    ways = {"plain", "camera_wise", "flip_adapted", "flip_adapted_camera_wise"}
    reranked = {"reranked", *(f"{way}_reranked" for way in ways - {"plain"})}
    assert ways | reranked < set(found)
    assert found["flip_adapted"] != found["plain"]
    # One camera is three times as dark: normalized, nearly everybody is found across cameras.
    assert found["camera_wise"]["mAP"] > found["plain"]["mAP"]
    assert found["own_camera"] > 50
    assert found["rank1_own_camera"] == 100
    assert "rank1" not in found


def test_weights_and_label_must_be_given_together(monkeypatch: pytest.MonkeyPatch) -> None:
    for argument in (["--label", "mine"], ["--weights", "mine.safetensors"]):
        monkeypatch.setattr(sys, "argv", ["zoo.py", *argument])
        with pytest.raises(SystemExit) as stopped:
            zoo.main()
        assert stopped.value.code == 2


def test_default_measures_all_published_encoders() -> None:
    published = shipped_weights().values()
    found = {one.label: (one.bytes, one.license) for one in zoo.select_encoders(None, None)}
    assert found == {w.name: (w.bytes, w.license) for w in published if w.kind == "encoder"}


def test_small_copies_of_cuhk03_are_noted(tmp_path: Path) -> None:
    def dataset(name: str, *sizes: tuple[int, int]) -> ReidDataset:
        for number, size in enumerate(sizes):
            Image.new("RGB", size).save(tmp_path / f"{number}.png")
        records = tuple(
            ImageRecord(str(tmp_path / f"{number}.png"), 1, 1) for number in range(len(sizes))
        )
        return ReidDataset(name, str(tmp_path), (), (Split("s", records, records),), "all_images")

    small, other = (64, 128), (60, 160)
    assert zoo.note(dataset("cuhk03_detected", small, small)) == "128×64 copies of the crops"
    assert zoo.note(dataset("cuhk03_detected", small, other)) is None
    assert zoo.note(dataset("market1501", small, small)) is None


def test_zoo_table_leaves_missing_scores_empty() -> None:
    text = zoo_table.zoo({"rows": [ROW]})
    line = (
        "| `san_resnet50.toy` | 23,508,032 | 24.0 | 128×64 | 2048 |  |  "
        "| 14.2 / 13.5 | 20.8 / 19.2 | 22.5 / 24.0 | Apache-2.0 |"
    )
    assert line in text
    assert "CUHK03-NP: 128×64 copies of the crops." in text
    assert "camera IDs, but no identity labels" in text
    assert "Measured with `python zoo.py`" in text


def test_zoo_table_without_weights() -> None:
    assert zoo_table.zoo({}) == zoo_table.zoo({"rows": []})
    assert zoo_table.zoo({}).startswith("No weights measured yet")


def test_speeds_are_relative_to_the_reference_in_float32() -> None:
    rows = [
        {"label": "light.toy", "float32": 300.0, "bfloat16": 450.0},
        {"label": "san_resnet50.synthetic", "float32": 100.0, "bfloat16": 150.0},
    ]
    record = {"rows": rows, "threads": 2, "device": "cpu", "rounds": 7, "images": 256}
    text = zoo_table.encoder_speed({**ROW, **record})
    assert "cpu, 2 threads" in text
    assert "| `light.toy` | 300 (3.0 ×) | 450 (4.5 ×) |" in text
    assert "| `san_resnet50.synthetic` | 100 (1.0 ×) | 150 (1.5 ×) |" in text
