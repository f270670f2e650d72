"""The transfer yardstick for encoders: several ways, one file, a run or a name."""

import sys
from argparse import Namespace
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.docs_tables.encoder_tables import transfer_encoders, variations
from benchmarks.studies import transfer
from benchmarks.studies.transfer import with_overrides
from benchmarks.studies.transfer_score import PLAIN, encoder_scores, named_encoder
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
    """Eight people in plain colors, thrice before each of two cameras, of which one is dark."""
    records = []
    for number in range(48):
        person, camera = number // 6, number // 3 % 2
        color = np.random.default_rng(person).integers(90, 220, 3) // (1 + 2 * camera)
        noise = np.random.default_rng([number, 1]).integers(-8, 9, (32, 16, 3))
        Image.fromarray((color + noise).astype(np.uint8)).save(tmp_path / f"{number}.png")
        records.append(ImageRecord(str(tmp_path / f"{number}.png"), person, camera))
    return records


def test_encoder_is_scored_in_all_modes(encoder: Encoder, people: list[ImageRecord]) -> None:
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


def test_encoder_is_loaded_from_file_run_or_name(encoder: Encoder, tmp_path: Path) -> None:
    file = save_pretrained(encoder, tmp_path / "saved") / "model.safetensors"
    run = tmp_path / "run"
    run.mkdir()
    (run / "encoder.safetensors").write_bytes(file.read_bytes())
    for name in (file, run, file.parent):
        assert named_encoder(str(name)).feature_dim == encoder.feature_dim
    with pytest.raises(UnknownNameError, match="no_such_model"):
        named_encoder("no_such_model")


@pytest.mark.parametrize(
    "subject",
    [[], ["data/synth", "--encoder", "runs/san"], ["data/synth", "--smoothing", "1"]],
)
def test_either_set_or_encoder_is_required(
    subject: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["transfer.py", *subject, "--cuhk03", "data/cuhk03", "--label", "mine"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as stopped:
        transfer.main()
    assert stopped.value.code == 2


def test_preprocessing_options_override_the_encoder(
    encoder: Encoder, people: list[ImageRecord]
) -> None:
    own = Preprocess(32, 16, smoothing=0.5)
    assert with_overrides(own, Namespace(smoothing=None, stretch=None)) == own
    asked = with_overrides(own, Namespace(smoothing=0.0, stretch=0.01))
    assert asked == Preprocess(32, 16, stretch=0.01)
    other = deepcopy(encoder)
    other.preprocess = asked
    plain, stretched = (encoder_scores(some, people)["plain"] for some in (encoder, other))
    # The dark camera is not dark any more.
    assert stretched["own_camera"] < plain["own_camera"]


def test_table_states_smoothing_and_stretch() -> None:
    scores = {"rank1": 1.0, "mAP": 2.0, "own_camera": 3.0, "rank1_own_camera": 4.0}
    ways = dict.fromkeys(("plain", "flip_camera_wise", "flip_adapted_camera_wise"), scores)
    row = {"label": "mine", "height": 32, "width": 16, "cuhk03_train": ways}
    origin = {"command": "c", "commit": "d", "machine": "m", "cores": 2, "torch": "2"}
    rows = [{**row, **origin}, {**row, **origin, "smoothing": 1.0, "stretch": 0.01}]
    text = transfer_encoders({"rows": rows})
    assert "| mine | 32×16 |" in text
    assert "| mine | 32×16, smoothing 1, contrast stretch 1 % |" in text


def test_variations_need_plain_scores_only(encoder: Encoder, people: list[ImageRecord]) -> None:
    scores = encoder_scores(encoder, people, PLAIN)
    assert scores == {
        way: found for way, found in encoder_scores(encoder, people).items() if way in scores
    }
    origin = {"command": "c", "commit": "d", "machine": "m", "cores": 2, "torch": "2"}
    text = variations({"rows": [{"label": "seed 1", "cuhk03_train": scores, **origin}]})
    plain, whitened = scores["plain"], scores["camera_wise"]
    assert (
        f"| seed 1 | {plain['rank1']:.1f} / {plain['mAP']:.1f} | "
        f"{whitened['rank1']:.1f} / {whitened['mAP']:.1f} |" in text
    )
