"""Converted checkpoints against the outputs of the libraries' own code."""

from pathlib import Path

import pytest
import torch
from foreign_states import CASES, GOLDEN, IDENTITIES, foreign_images, foreign_state, names_digest

from reid_align import from_pretrained
from reid_align.conversion import convert_checkpoint

FAST = ("osnet", "strong_baseline_resnet50_ibn", "fastreid_sbs_ibn", "layumi_stride2")
NETWORKS = [
    name if name.startswith(FAST) else pytest.param(name, marks=pytest.mark.slow)
    for name in GOLDEN
    if name != "origin"
]


@pytest.mark.parametrize("name", NETWORKS)
def test_features_equal_those_of_the_original(name: str, tmp_path: Path) -> None:
    expected, state, case = GOLDEN[name], foreign_state(name), CASES[name]
    assert len(state) == expected["tensors"]
    assert names_digest(state) == expected["names_sha256"]
    torch.save(state, tmp_path / "model.pth")
    done = convert_checkpoint(
        tmp_path / "model.pth", tmp_path / "out", arch_args=case.not_in_the_file
    )
    assert done.network.identities == IDENTITIES
    assert set(done.left_out) == set(case.more) - {"heads.pool_layer.p"}
    encoder = from_pretrained(tmp_path / "out")
    assert encoder.architecture == case.architecture
    with torch.inference_mode():
        features = encoder(foreign_images())
    scale = expected["abs_max"]
    assert list(features.shape) == expected["shape"]
    found = features.flatten()[expected["positions"]] / scale
    torch.testing.assert_close(found, torch.tensor(expected["values"]) / scale, rtol=0, atol=2e-5)
    values = features.double()
    summary = [values.mean(), values.std(correction=0), values.abs().max()]
    expected_summary = [expected["mean"], expected["std"], scale]
    assert [v.item() for v in summary] == pytest.approx(expected_summary, rel=0, abs=2e-5 * scale)
