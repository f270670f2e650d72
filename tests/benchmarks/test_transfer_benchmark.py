"""The transfer yardstick for encoders: several ways, one file, a run or a name."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import transfer
from PIL import Image
from transfer_score import encoder_scores, named_encoder

from reid_align import Encoder, create_model, save_pretrained
from reid_align.datasets import ImageRecord
from reid_align.errors import UnknownNameError
from reid_align.preprocess import Preprocess


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    encoder = create_model("san_resnet18").eval()
    encoder.preprocess = Preprocess(32, 16)
    return encoder


@pytest.fixture
def people(tmp_path: Path) -> list[ImageRecord]:
    """Eight people in plain colours, thrice before each of two cameras, of which one is dark."""
    records = []
    for number in range(48):
        person, camera = number // 6, number // 3 % 2
        colour = np.random.default_rng(person).integers(90, 220, 3) // (1 + 2 * camera)
        noise = np.random.default_rng([number, 1]).integers(-8, 9, (32, 16, 3))
        Image.fromarray((colour + noise).astype(np.uint8)).save(tmp_path / f"{number}.png")
        records.append(ImageRecord(str(tmp_path / f"{number}.png"), person, camera))
    return records


def test_an_encoder_is_scored_in_all_ways(encoder: Encoder, people: list[ImageRecord]) -> None:
    found = encoder_scores(encoder, people)
    ways = ["plain", "camera_wise", "flip", "flip_camera_wise"]
    assert list(found) == [*ways, "flip_adapted", "flip_adapted_camera_wise"]
    assert found["flip_adapted"] != found["flip"]
    for way in ("", "flip_"):
        plain, camera_wise = found[way.rstrip("_") or "plain"], found[f"{way}camera_wise"]
        # One camera is three times as dark, which is all that plain features see.
        assert plain["own_camera"] > 90
        assert camera_wise["own_camera"] < 80
        assert camera_wise["mAP"] > 2 * plain["mAP"]


def test_an_encoder_is_named_by_its_file_its_run_or_its_name(
    encoder: Encoder, tmp_path: Path
) -> None:
    file = save_pretrained(encoder, tmp_path / "saved") / "model.safetensors"
    run = tmp_path / "run"
    run.mkdir()
    (run / "encoder.safetensors").write_bytes(file.read_bytes())
    for name in (file, run, file.parent):
        assert named_encoder(str(name)).feature_dim == encoder.feature_dim
    with pytest.raises(UnknownNameError, match="nobody"):
        named_encoder("nobody")


@pytest.mark.parametrize("subject", [[], ["data/synth", "--encoder", "runs/san"]])
def test_it_takes_a_set_or_an_encoder(subject: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["transfer.py", *subject, "--cuhk03", "data/cuhk03", "--label", "mine"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as stopped:
        transfer.main()
    assert stopped.value.code == 2
