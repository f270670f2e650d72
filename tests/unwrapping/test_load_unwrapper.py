import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from reid_align import create_model
from reid_align.errors import (
    InvalidInputError,
    NotFiniteError,
    UnknownNameError,
    WeightsNotFoundError,
)
from reid_align.heads import TextureDecoder, decoder_for
from reid_align.models.dense_uv_network import dense_uv
from reid_align.unwrapping import DenseUnwrapper, TextureUnwrapper, load_unwrapper

CPU = torch.device("cpu")


def test_a_missing_network_is_named(run_folder: Path, tmp_path: Path) -> None:
    for name, other in [("encoder", "san_decoder"), ("san_decoder", "encoder")]:
        with pytest.raises(WeightsNotFoundError, match=f"No weights of {other} in .* Pass a run"):
            load_unwrapper("texture", [str(run_folder / f"{name}.safetensors")])
    with pytest.raises(WeightsNotFoundError, match="No weights of dense_uv"):
        load_unwrapper("iuv", [str(run_folder / "encoder.safetensors")])
    partial = tmp_path / "partial"
    partial.mkdir()
    shutil.copy(run_folder / "encoder.safetensors", partial)
    with pytest.raises(WeightsNotFoundError, match="No weights of san_decoder"):
        load_unwrapper("texture", [str(partial)])


def test_two_files_for_one_network_are_refused(run_folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="are both weights of encoder"):
        load_unwrapper("texture", [str(run_folder), str(run_folder / "encoder.safetensors")])


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"'mask'.*Known: iuv, texture"):
        load_unwrapper("mask", ["run"])


def test_networks_of_different_runs_are_refused() -> None:
    with torch.device("meta"):
        decoder = TextureDecoder()
    with pytest.raises(InvalidInputError, match=r"2048\) channels.*san_resnet18 have.*512\)"):
        TextureUnwrapper(create_model("san_resnet18"), decoder, CPU)


def test_broken_weights_are_an_error() -> None:
    encoder = create_model("san_resnet18")
    decoder = decoder_for(encoder, height=32, width=32)
    torch.nn.init.constant_(decoder.to_rgb.bias, float("nan"))
    with pytest.raises(NotFiniteError, match="not finite"):
        TextureUnwrapper(encoder, decoder, CPU)(np.zeros((1, 64, 32, 3), np.uint8))


def test_folding_does_not_change_the_dense_pose_maps() -> None:
    torch.manual_seed(0)
    estimator = dense_uv()
    for module in estimator.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 32, 3), dtype=np.uint8)
    batch = torch.from_numpy(images).permute(0, 3, 1, 2)
    expected = estimator.predict(estimator.preprocess.normalize(batch)).planes
    planes = torch.from_numpy(DenseUnwrapper(estimator, CPU)(images)).permute(0, 3, 1, 2)
    assert (planes.int() - expected.int()).abs().float().mean() < 0.05
    assert not [m for m in estimator.modules() if isinstance(m, torch.nn.BatchNorm2d)]
