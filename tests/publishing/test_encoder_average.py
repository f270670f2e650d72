"""Weight averaging of encoders."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from reid_align import create_model, from_pretrained, save_pretrained
from reid_align.errors import InvalidInputError, WeightsNotFoundError
from reid_align.models import Encoder
from reid_align.preprocess import Preprocess
from reid_align.publish import main as publish
from reid_align.publishing import average_encoders
from reid_align.weights import WeightsHeader, save_int8
from reid_align.weights.checksums import sha256_of


def an_encoder(seed: int, architecture: str = "resnet18_baseline", height: int = 32) -> Encoder:
    torch.manual_seed(seed)
    encoder = create_model(architecture)
    encoder.preprocess = Preprocess(height, 16)
    return encoder.eval()


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three encoders of one kind; one is an int8 file."""
    folder = tmp_path_factory.mktemp("members")
    for seed in (0, 1):
        save_pretrained(an_encoder(seed), folder / str(seed))
    third = an_encoder(2)
    info = WeightsHeader(third.architecture, dict(third.arch_args), third.preprocess, None)
    save_int8(third, folder / "2.safetensors", info)
    return [folder / "0", folder / "1", folder / "2.safetensors"]


def test_every_tensor_is_the_mean_of_those_of_the_members(
    members: list[Path], tmp_path: Path
) -> None:
    average_encoders(members, tmp_path / "mean")
    parts = [from_pretrained(path).state_dict() for path in members]
    found = load_file(tmp_path / "mean" / "model.safetensors")
    assert found.keys() == parts[0].keys()
    for name, tensor in found.items():
        if tensor.is_floating_point():
            mean = torch.stack([part[name] for part in parts]).mean(0)
            torch.testing.assert_close(tensor, mean, rtol=1e-5, atol=1e-7)
        else:
            assert torch.equal(tensor, parts[0][name])


def test_the_average_loads_and_describes_itself(members: list[Path], tmp_path: Path) -> None:
    digests = average_encoders(members, tmp_path / "mean")
    encoder = from_pretrained(tmp_path / "mean")
    assert encoder.architecture == "resnet18_baseline"
    assert encoder.preprocess == Preprocess(32, 16)
    files = [members[0] / "model.safetensors", members[1] / "model.safetensors", members[2]]
    assert digests == tuple(map(sha256_of, files))


def test_the_average_of_an_encoder_with_itself_is_that_encoder(
    members: list[Path], tmp_path: Path
) -> None:
    average_encoders([members[0]] * 3, tmp_path / "mean")
    before = load_file(members[0] / "model.safetensors")
    for name, tensor in load_file(tmp_path / "mean" / "model.safetensors").items():
        assert torch.equal(tensor, before[name])


def test_a_single_encoder_is_refused(members: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="at least two encoders, got 1"):
        average_encoders(members[:1], tmp_path / "mean")


@pytest.mark.parametrize(
    ("architecture", "height", "what"),
    [("resnet18_baseline", 48, "preprocess"), ("san_resnet18", 32, "architecture")],
)
def test_an_encoder_of_another_kind_is_refused_and_nothing_is_written(
    members: list[Path], tmp_path: Path, architecture: str, height: int, what: str
) -> None:
    save_pretrained(an_encoder(3, architecture, height), tmp_path / "other")
    with pytest.raises(InvalidInputError, match=rf"other: {what} is .*, but that of .*0 is"):
        average_encoders([members[0], tmp_path / "other"], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


def test_a_folder_without_an_encoder_is_named(members: list[Path], tmp_path: Path) -> None:
    with pytest.raises(WeightsNotFoundError, match="nowhere: no such file or folder"):
        average_encoders([members[0], tmp_path / "nowhere"], tmp_path / "mean")


def test_the_command_names_the_members(
    members: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = [str(path) for path in members[1:]]
    assert publish(["average", *chosen, "-o", str(tmp_path / "mean")]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[1] == f"{members[2]}, sha256 {sha256_of(members[2])}"
    assert shown[2] == f"Wrote the average to {tmp_path / 'mean'}."
    assert from_pretrained(tmp_path / "mean").architecture == "resnet18_baseline"
