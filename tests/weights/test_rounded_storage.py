"""Storage of weights as float16."""

from pathlib import Path

import pytest
import torch

from reid_align import create_model
from reid_align.errors import NotFiniteError
from reid_align.weights import WeightsHeader, load_tensors, rounded, save_rounded
from reid_align.weights.fingerprint import module_fingerprint

INFO = WeightsHeader("resnet18_baseline", {}, None, None)


def test_float16_halves_weights_and_keeps_norms(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = create_model("resnet18_baseline")
    written = save_rounded(encoder, tmp_path / "half.safetensors", INFO, "float16")
    assert (tmp_path / "half.safetensors").stat().st_size < 2.1 * 11_200_000
    loaded = create_model("resnet18_baseline")
    load_tensors(loaded, tmp_path / "half.safetensors")
    assert written.fingerprint == module_fingerprint(loaded)
    before, expected = encoder.state_dict(), rounded(encoder, "float16").state_dict()
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, expected[name])
        torch.testing.assert_close(tensor, before[name], rtol=1e-3, atol=1e-7)
        assert before[name].ndim >= 2 or torch.equal(tensor, before[name])


def test_weights_beyond_float16_are_refused(tmp_path: Path) -> None:
    encoder = create_model("resnet18_baseline")
    torch.nn.init.constant_(encoder.layer4[0].conv1.weight, 1e5)
    with pytest.raises(NotFiniteError, match=r"too large for float16: layer4\.0\.conv1\.weight"):
        save_rounded(encoder, tmp_path / "half.safetensors", INFO, "float16")
