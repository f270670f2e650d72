"""Loading from the Hub, a file and a folder, verified by the fingerprint."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hub_server import Hub
from safetensors.torch import save_file as raw_save
from torch import Tensor
from weights_samples import TinyEncoder, bytes_of, info_of, same_tensors, weights_of

from reid_align.errors import WeightsFormatError, WeightsIntegrityError, WeightsNotFoundError
from reid_align.weights import (
    HubFile,
    Weights,
    load_file,
    load_repository,
    load_weights,
    module_fingerprint,
    read_folder,
    save_tensors,
    write_folder,
)

Publish = Callable[..., HubFile]


class LateralEncoder(TinyEncoder):
    """Another computation with the same tensors, as after a wrong name mapping."""

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.norm(self.conv(images)).mean((2, 3)))


@pytest.fixture
def encoder() -> TinyEncoder:
    return TinyEncoder(1)


@pytest.fixture
def weights(published: Publish, encoder: TinyEncoder, tmp_path: Path) -> Weights:
    """Record of encoder weights on the Hub."""
    content = bytes_of(encoder, tmp_path)
    place = published(content)
    return weights_of(content, hub=place, fingerprint=module_fingerprint(encoder))


def test_published_weights_load_from_the_hub_then_from_the_cache(
    hub: Hub, encoder: TinyEncoder, weights: Weights
) -> None:
    for _ in range(2):
        loaded = TinyEncoder(2)
        load_weights(loaded, weights)
        assert same_tensors(loaded, encoder)
    assert len(hub.cdn_downloads()) == 1


def test_a_model_that_computes_something_else_with_the_same_tensors_is_an_error(
    weights: Weights,
) -> None:
    with pytest.raises(WeightsIntegrityError, match=r"^tiny\.synthetic: the model's output"):
        load_weights(LateralEncoder(2), weights)


def test_weights_stored_in_half_precision_pass_the_check(
    published: Publish, tmp_path: Path
) -> None:
    stored = TinyEncoder(1).half()
    content = bytes_of(stored, tmp_path)
    fingerprint = module_fingerprint(stored)
    loaded = TinyEncoder(2)
    load_weights(loaded, weights_of(content, hub=published(content), fingerprint=fingerprint))
    assert loaded.head.weight.dtype == torch.float32
    assert same_tensors(loaded, stored.float())


def test_a_file_is_loaded_and_its_header_returned(tmp_path: Path, encoder: TinyEncoder) -> None:
    path, loaded = tmp_path / "mine.safetensors", TinyEncoder(2)
    save_tensors(encoder, path, info_of(encoder, training_data="mine"))
    assert load_file(loaded, path) == info_of(encoder, training_data="mine")
    assert load_file(loaded, str(path)) == info_of(encoder, training_data="mine")
    assert same_tensors(loaded, encoder)


def test_the_fingerprint_in_the_header_is_checked(tmp_path: Path, encoder: TinyEncoder) -> None:
    path = tmp_path / "mine.safetensors"
    save_tensors(encoder, path, info_of(encoder))
    with pytest.raises(WeightsIntegrityError, match=r"mine\.safetensors: the model's output"):
        load_file(LateralEncoder(2), path)


def test_a_file_without_a_fingerprint_or_a_header_loads_as_well(
    tmp_path: Path, encoder: TinyEncoder
) -> None:
    info = info_of(encoder, fingerprint=None)
    save_tensors(encoder, tmp_path / "a.safetensors", info)
    raw_save(encoder.state_dict(), tmp_path / "b.safetensors")
    for name, said in (("a", info), ("b", None)):
        loaded = TinyEncoder(2)
        assert load_file(loaded, tmp_path / f"{name}.safetensors") == said
        assert same_tensors(loaded, encoder)


def test_a_missing_file_and_a_pickle_are_errors(tmp_path: Path, encoder: TinyEncoder) -> None:
    with pytest.raises(WeightsNotFoundError, match="no such file"):
        load_file(encoder, tmp_path / "none.safetensors")
    torch.save(encoder.state_dict(), tmp_path / "a.pth")
    with pytest.raises(WeightsFormatError, match=r"python -m reid_align\.convert"):
        load_file(encoder, tmp_path / "a.pth")


def test_a_folder_is_loaded_and_its_fingerprint_checked(
    tmp_path: Path, encoder: TinyEncoder
) -> None:
    write_folder(encoder, tmp_path / "mine", info_of(encoder), feature_dim=40)
    loaded = TinyEncoder(2)
    load_repository(loaded, read_folder(tmp_path / "mine"))
    assert same_tensors(loaded, encoder)
    with pytest.raises(WeightsIntegrityError, match="the model's output"):
        load_repository(LateralEncoder(2), read_folder(tmp_path / "mine"))
