import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from reid_align.errors import (
    InvalidInputError,
    UnknownNameError,
    WeightsIntegrityError,
    WeightsNotFoundError,
)
from reid_align.heads import HEADS, DsagStream, TextureDecoder, create_head
from reid_align.weights import WeightsHeader, module_fingerprint, save_tensors

SMALL_ARGUMENTS: dict[str, dict[str, object]] = {"san_decoder": {}, "dsag_stream": {"width": 2}}


def test_registered_heads_are_built_with_their_arguments() -> None:
    assert list(HEADS) == sorted(SMALL_ARGUMENTS)
    with torch.device("meta"):
        decoder = create_head("san_decoder", skips=False)
        stream = create_head("dsag_stream", share="all")
    assert isinstance(decoder, TextureDecoder)
    assert decoder.skip1 is None
    assert isinstance(stream, DsagStream)
    assert stream.share == "all"


def test_an_unknown_name_lists_the_names_and_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"'san_decode'.*Did you mean 'san_decoder'.*dsag"):
        create_head("san_decode")


@pytest.mark.parametrize("name", HEADS)
def test_example_inputs_are_cosines_over_the_flat_index(name: str) -> None:
    for example in create_head(name, **SMALL_ARGUMENTS[name]).example_inputs():
        count = example.numel()
        places = [0, 1, count // 2, count - 1]
        expected = [math.cos(0.011 * place) for place in places]
        assert example.dtype == torch.float32
        assert example.flatten()[places].tolist() == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("name", HEADS)
def test_example_outputs_depend_on_every_weight(name: str) -> None:
    torch.manual_seed(0)
    head = create_head(name, **SMALL_ARGUMENTS[name]).eval()
    outputs = head(*head.example_inputs())
    torch.cat([output.flatten() for output in outputs]).square().sum().backward()
    silent = [key for key, p in head.named_parameters() if p.grad is None or not p.grad.any()]
    assert not silent


@pytest.mark.parametrize("name", HEADS)
def test_the_same_seed_gives_the_same_weights(name: str) -> None:
    states = []
    for _ in range(2):
        torch.manual_seed(7)
        states.append(create_head(name, **SMALL_ARGUMENTS[name]).state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


@pytest.mark.parametrize("name", HEADS)
def test_heads_load_like_encoders(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    head = create_head(name, **SMALL_ARGUMENTS[name])
    info = WeightsHeader(name, SMALL_ARGUMENTS[name], None, module_fingerprint(head))
    save_tensors(head, tmp_path / "head.safetensors", info)
    again = create_head(name, weights=tmp_path / "head.safetensors")
    assert all(
        torch.equal(value, again.state_dict()[key]) for key, value in head.state_dict().items()
    )
    broken = replace(info, fingerprint=tuple(2 * value for value in info.fingerprint))
    save_tensors(head, tmp_path / "broken.safetensors", broken)
    with pytest.raises(WeightsIntegrityError, match=r"broken\.safetensors"):
        create_head(name, weights=tmp_path / "broken.safetensors")
    other = next(other for other in HEADS if other != name)
    with pytest.raises(InvalidInputError, match=f"was made for architecture='{name}'"):
        create_head(other, weights=tmp_path / "head.safetensors")
    with pytest.raises(WeightsNotFoundError, match=f"{name} has no published weights"):
        create_head(name, pretrained=True)
