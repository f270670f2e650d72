"""Header of a weights file: round trip and errors."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file as raw_save
from weights_samples import TinyEncoder, info_of

from reid_align.errors import InvalidInputError, WeightsFormatError
from reid_align.weights import WeightsHeader, read_header, save_tensors

INFO = info_of(TinyEncoder(), training_data="40 generated people", arch_args={"a": 1, "b": "x"})
TEXT = INFO.metadata()["reid_align"]


def with_metadata(path: Path, metadata: dict[str, str]) -> Path:
    raw_save({"a": torch.ones(1)}, path, metadata)
    return path


@pytest.mark.parametrize(
    "info",
    [
        INFO,
        WeightsHeader("decoder", {}, None, INFO.fingerprint),
        WeightsHeader("x", {}, None, None),
    ],
)
def test_a_header_survives_a_round_trip(tmp_path: Path, info: WeightsHeader) -> None:
    path = tmp_path / "a.safetensors"
    save_tensors(TinyEncoder(), path, info)
    assert read_header(path) == info
    assert read_header(str(path)) == info


def test_the_header_is_one_json_entry_that_other_tools_can_read(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_tensors(TinyEncoder(), path, INFO)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    assert list(metadata) == ["reid_align"]
    said = json.loads(metadata["reid_align"])
    assert said["schema"] == 1
    assert said["architecture"] == "tiny"
    assert said["preprocess"]["height"] == 16


def test_a_foreign_file_has_no_header(tmp_path: Path) -> None:
    assert read_header(with_metadata(tmp_path / "a.safetensors", {"format": "pt"})) is None
    raw_save({"a": torch.ones(1)}, tmp_path / "b.safetensors")
    assert read_header(tmp_path / "b.safetensors") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "invalid JSON"),
        (TEXT.replace('"schema": 1', '"schema": 2'), "schema: expected 1, got 2"),
        (TEXT.replace('"architecture"', '"architektur"'), "architektur: unknown key"),
        (TEXT.replace('"tiny"', "5"), "architecture: expected a text that is not empty, got 5"),
        (TEXT.replace('"fingerprint": [', '"fingerprint": [0.5, '), "fingerprint: expected 34"),
        (TEXT.replace("bilinear", "linear"), "preprocess: interpolation: expected one of"),
        (TEXT.replace('"height": 16', '"height": -1'), "preprocess: height -1"),
    ],
)
def test_an_invalid_header_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = with_metadata(tmp_path / "a.safetensors", {"reid_align": text})
    with pytest.raises(WeightsFormatError) as caught:
        read_header(path)
    assert str(caught.value).startswith(f"{path}: reid_align header: ")
    assert message in str(caught.value)


def test_an_invalid_header_cannot_be_constructed() -> None:
    with pytest.raises(InvalidInputError, match=r"^fingerprint"):
        info_of(TinyEncoder(), fingerprint=(1.0,))
    with pytest.raises(InvalidInputError, match=r"^arch_args"):
        info_of(TinyEncoder(), arch_args={"layers": (3, 4)})
