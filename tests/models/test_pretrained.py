"""Encoders with weights from a file, a folder, the Hub and the manifest."""

import json
from pathlib import Path

import pytest
import torch
from hub_server import Hub
from hub_server_publish import PublishHandler
from safetensors.torch import load_file, save_file
from torch import nn

from reid_align import (
    create_model,
    dsa_reid,
    from_pretrained,
    list_models,
    push_to_hub,
    san_resnet50,
    save_pretrained,
)
from reid_align.cli.encoder_choice import select_encoder
from reid_align.errors import (
    InvalidInputError,
    UnknownNameError,
    WeightsFormatError,
    WeightsIntegrityError,
    WeightsNotFoundError,
)
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess

IMAGES = torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(0))


def fine_tuned(name: str = "san_resnet50", **arch_args: str) -> Encoder:
    torch.manual_seed(5)
    encoder = create_model(name, **arch_args)
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    encoder.preprocess = Preprocess(128, 64, interpolation="bicubic")
    return encoder


def same(one: Encoder, other: Encoder) -> bool:
    with torch.inference_mode():
        return torch.equal(one(IMAGES), other(IMAGES)) and one.preprocess == other.preprocess


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "encoder"
    return save_pretrained(fine_tuned(head="fc512"), folder, training_data="none")


@pytest.mark.parametrize("name", list_models())
def test_every_architecture_survives_a_round_trip(name: str, tmp_path: Path) -> None:
    encoder = fine_tuned(name)
    folder = save_pretrained(encoder, tmp_path / "encoder")
    before = torch.get_rng_state()
    again = from_pretrained(folder)
    # Loading skips the random initialization.
    assert torch.equal(torch.get_rng_state(), before)
    assert again.architecture == name
    assert again.arch_args == encoder.arch_args
    assert not again.training
    assert same(encoder, again)


def test_files_folders_and_their_names_load_equally(saved: Path) -> None:
    expected, file = fine_tuned(head="fc512"), saved / "model.safetensors"
    sha256 = json.loads((saved / "config.json").read_text())["sha256"]
    for encoder in (
        from_pretrained(saved),
        from_pretrained(str(saved)),
        from_pretrained(file),
        san_resnet50(weights=file),
        san_resnet50(weights=str(saved)),
        san_resnet50(weights=file, head="fc512"),
        create_model("san_resnet50", weights=file),
    ):
        assert same(encoder, expected)
        assert encoder.feature_dim == 512
        assert encoder.origin.sha256 == sha256


def test_weights_for_other_arguments_are_refused(saved: Path) -> None:
    with pytest.raises(InvalidInputError, match="made for head='fc512', not 'gap'"):
        san_resnet50(weights=saved, head="gap")
    with pytest.raises(InvalidInputError, match="made for architecture='san_resnet50'"):
        dsa_reid(weights=saved)
    with pytest.raises(InvalidInputError, match="pass only one of them"):
        san_resnet50(pretrained=True, weights=saved)


def test_a_foreign_file_needs_the_architecture(tmp_path: Path) -> None:
    encoder = san_resnet50()
    save_file(encoder.state_dict(), tmp_path / "foreign.safetensors")
    again = san_resnet50(weights=tmp_path / "foreign.safetensors")
    assert same(encoder, again)
    with pytest.raises(WeightsFormatError, match="does not state its architecture"):
        from_pretrained(tmp_path / "foreign.safetensors")
    with pytest.raises(WeightsFormatError, match="missing"):
        dsa_reid(weights=tmp_path / "foreign.safetensors")


def test_swapped_tensors_are_detected(saved: Path, tmp_path: Path) -> None:
    # All names and shapes match, but two layers are swapped.
    tensors = load_file(saved / "model.safetensors")
    one, other = "layer4.1.conv2.weight", "layer4.2.conv2.weight"
    tensors[one], tensors[other] = tensors[other], tensors[one]
    header = (saved / "model.safetensors").read_bytes()
    size = int.from_bytes(header[:8], "little")
    metadata = json.loads(header[8 : 8 + size])["__metadata__"]
    save_file(tensors, tmp_path / "swapped.safetensors", metadata)
    with pytest.raises(WeightsIntegrityError, match=r"swapped\.safetensors"):
        from_pretrained(tmp_path / "swapped.safetensors")


def test_arguments_and_models_of_another_version_are_named(saved: Path, tmp_path: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    for key, value, error, message in [
        ("architecture", "san_resnet500", UnknownNameError, "Did you mean 'san_resnet50'"),
        ("arch_args", {"neck": "bn"}, WeightsFormatError, "no argument 'neck'"),
        ("arch_args", {"head": "fc9"}, UnknownNameError, "Unknown head 'fc9'"),
    ]:
        folder = tmp_path / message.replace("'", "")
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config | {key: value}))
        (folder / "model.safetensors").symlink_to(saved / "model.safetensors")
        with pytest.raises(error, match=message):
            from_pretrained(folder)


@pytest.mark.parametrize("name", ["gone.safetensors", "gone", "gone/away/further"])
def test_missing_weights_are_an_error(name: str) -> None:
    with pytest.raises(WeightsNotFoundError, match="gone"):
        from_pretrained(name)


@pytest.mark.parametrize("name", ["runs/best", "runs/best.safetensors", "best"])
def test_a_misspelled_path_is_never_looked_up_on_the_hub(name: str, hub: Hub) -> None:
    with pytest.raises(WeightsNotFoundError, match=f"{name}: no such file or folder"):
        san_resnet50(weights=name)
    with pytest.raises(WeightsNotFoundError, match=f"{name}: no such file or folder"):
        select_encoder(None, name)
    assert not hub.requests


def test_the_current_folder_can_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    save_pretrained(fine_tuned(), ".")
    assert same(from_pretrained(tmp_path / "here"), fine_tuned())


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_impossible_seeds_are_refused(seed: int) -> None:
    with pytest.raises(InvalidInputError, match="from 0 to"):
        select_encoder(None, "random", seed)


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_an_encoder_is_pushed_to_the_hub_and_loaded_from_it(
    saved: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", PublishHandler.TOKEN)
    commit = push_to_hub(saved, "user/fine-tuned")
    for source in ("user/fine-tuned", f"hf-hub:user/fine-tuned@{commit}"):
        encoder = from_pretrained(source)
        assert same(encoder, fine_tuned(head="fc512"))
        assert encoder.origin.name.endswith(source)
    assert same(create_model("san_resnet50", weights="hf-hub:user/fine-tuned"), encoder)
