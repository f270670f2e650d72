from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align import create_model
from reid_align.heads import TextureDecoder, decoder_for
from reid_align.models.dense_uv_network import DenseUv, dense_uv
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess
from reid_align.weights import WeightsHeader, module_fingerprint, save_tensors

SMALL = Preprocess(32, 16)


def save(module: Encoder | TextureDecoder | DenseUv, path: Path, size: Preprocess | None) -> None:
    info = WeightsHeader(module.architecture, module.arch_args, size, module_fingerprint(module))
    save_tensors(module, path, info)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a small encoder and decoder, and a dense UV estimator."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("run")
    encoder = create_model("san_resnet18")
    decoder = decoder_for(encoder, height=32, width=32)
    # The default initialization gives gray textures; this one depends on the image.
    for layer in decoder.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight, a=1)
    estimator = dense_uv()
    save(encoder, folder / "encoder.safetensors", SMALL)
    save(decoder, folder / "san_decoder.safetensors", None)
    save(estimator, folder / "dense_uv.safetensors", SMALL)
    return folder


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten images of two sizes in the folder ``images`` of the current folder."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for index in range(10):
        path = tmp_path / "images" / ("day one" if index % 2 else "") / f"{index:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (96, 48 + 32 * (index % 2), 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path, quality=95)
    return Path("images")
