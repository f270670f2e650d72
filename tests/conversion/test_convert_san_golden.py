"""A converted official checkpoint against the outputs of the official code."""

from pathlib import Path

import numpy as np
import pytest
import torch
from official_san import (
    GOLDEN,
    IDENTITIES,
    check_golden,
    decoder_shapes,
    encoder_shapes,
    generated_state,
    golden_images,
)
from torch import Tensor

from reid_align.conversion import Conversion, convert_checkpoint
from reid_align.heads import TextureDecoder, create_head
from reid_align.models import SanEncoder, from_pretrained
from reid_align.weights import read_header

NAMES = [name for name in GOLDEN if name != "origin"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save like the training script, with a numpy rank-1 and torch's old format."""
    path = tmp_path_factory.mktemp("official") / "checkpoint_ep320.pth.tar"
    decoder = generated_state(decoder_shapes())
    content = {
        "state_dict": generated_state(encoder_shapes()),
        "decoder_state_dict": {f"module.{name}": tensor for name, tensor in decoder.items()},
        "rank1": np.float64(0.801),
        "epoch": 319,
    }
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path


@pytest.fixture(scope="module")
def converted(checkpoint: Path) -> Conversion:
    return convert_checkpoint(checkpoint, checkpoint.with_name("converted"))


@pytest.fixture(scope="module")
@torch.no_grad()
def outputs(converted: Conversion) -> dict[str, Tensor]:
    encoder = from_pretrained(converted.folder)
    assert converted.decoder is not None
    decoder = create_head("san_decoder", weights=converted.decoder).eval()
    stages = encoder.forward_maps(golden_images())
    return {
        **dict(zip(("e1", "e2", "e3", "e4"), stages, strict=True)),
        **decoder(*stages)._asdict(),
        "gap_2048": stages[-1].mean((2, 3)),
        "feature_fc512": encoder.forward_head(stages),
    }


@pytest.mark.parametrize("name", NAMES)
def test_outputs_equal_those_of_the_official_code(outputs: dict[str, Tensor], name: str) -> None:
    check_golden(outputs, name)


def test_reports_written_and_dropped_entries(checkpoint: Path, converted: Conversion) -> None:
    folder = checkpoint.with_name("converted")
    assert (converted.folder, converted.decoder) == (folder, folder / "decoder.safetensors")
    assert converted.network.identities == IDENTITIES
    assert converted.tensors == 327 + 86
    assert converted.left_out == ("classifier.weight", "classifier.bias", "rank1", "epoch")
    written = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    assert written == ["config.json", "decoder.safetensors", "model.safetensors"]
    assert sorted(path.name for path in folder.parent.iterdir()) == [
        "checkpoint_ep320.pth.tar",
        "converted",
    ]


def test_every_tensor_but_the_classifier_is_converted(
    converted: Conversion,
) -> None:
    encoder = from_pretrained(converted.folder)
    assert isinstance(encoder, SanEncoder)
    assert encoder.arch_args == {"head": "fc512", "pool": "avg", "norm": "bn"}
    assert len(encoder.state_dict()) == 327 - 2
    assert converted.decoder is not None
    decoder = create_head("san_decoder", weights=converted.decoder)
    assert isinstance(decoder, TextureDecoder)
    assert len(decoder.state_dict()) == 86
    assert all(parameter.requires_grad for parameter in (*encoder.parameters(),))


def test_the_decoder_file_has_a_header(converted: Conversion) -> None:
    assert converted.decoder is not None
    info = read_header(converted.decoder)
    assert info is not None
    assert (info.architecture, info.arch_args) == ("san_decoder", {"skips": True})
    assert info.fingerprint is not None
