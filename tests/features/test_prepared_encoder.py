"""The optimized copy gives the features of the encoder and does not modify it."""

from inspect import signature

import numpy as np
import pytest
import torch
from lively_encoders import lively
from torch import nn

from reid_align import list_models, san_resnet50
from reid_align.errors import InvalidInputError, NotFiniteError
from reid_align.inference.device import resolve_device
from reid_align.inference.folding import fold_batch_norms
from reid_align.inference.prepared_encoder import PreparedEncoder
from reid_align.models.encoder import Encoder
from reid_align.models.model_factory import MODELS

WITH_INSTANCE_NORMS = [
    name for name in list_models() if "norm" in signature(MODELS[name]).parameters
]
CPU = torch.device("cpu")
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 64, 32, 3), dtype=np.uint8)


def prepared(encoder: Encoder, **options: object) -> PreparedEncoder:
    settings = {"device": CPU, "dtype": "float32", "flip": False, "normalize": False}
    return PreparedEncoder(encoder, **(settings | options))


def plain(encoder: Encoder, pixels: np.ndarray) -> torch.Tensor:
    images = encoder.preprocess.normalize(torch.from_numpy(pixels).permute(0, 3, 1, 2))
    with torch.inference_mode():
        return encoder(images)


@pytest.mark.parametrize("name", list_models())
def test_the_folded_copy_equals_the_encoder(name: str) -> None:
    encoder = lively(name)
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    expected = plain(encoder, IMAGES)
    fast = torch.from_numpy(prepared(encoder)(IMAGES))
    assert (fast - expected).abs().max() < 1e-5 * expected.abs().max()
    after = encoder.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[key], value) for key, value in before.items())


# DenseNet's norms before convolutions stay.
@pytest.mark.parametrize("name", WITH_INSTANCE_NORMS)
def test_no_batch_norm_is_left_between_convolutions(name: str) -> None:
    encoder = lively(name, norm="ibn_a")
    instance_norms = sum(isinstance(m, nn.InstanceNorm2d) for m in encoder.modules())
    fold_batch_norms(encoder)
    assert not [m for m in encoder.modules() if isinstance(m, nn.BatchNorm2d)]
    assert sum(isinstance(m, nn.InstanceNorm2d) for m in encoder.modules()) == instance_norms


def test_the_norm_of_an_embedding_is_folded_and_the_one_after_pooling_stays() -> None:
    left = {}
    for head in ("fc512", "bnneck"):
        encoder = lively("san_resnet18", head=head)
        fold_batch_norms(encoder)
        left[head] = sum(isinstance(m, nn.BatchNorm1d) for m in encoder.modules())
    assert left == {"fc512": 0, "bnneck": 1}


def test_bfloat16_is_close_and_returns_float32() -> None:
    encoder = lively("san_resnet50")
    half = prepared(encoder, dtype="bfloat16", normalize=True)(IMAGES)
    full = prepared(encoder, normalize=True)(IMAGES)
    assert half.dtype == np.float32
    assert (half * full).sum(1).min() > 0.999


def test_flip_averages_with_the_mirror_image() -> None:
    encoder = lively("san_resnet50")
    mirrored = np.ascontiguousarray(IMAGES[:, :, ::-1])
    expected = (plain(encoder, IMAGES) + plain(encoder, mirrored)) / 2
    flipped = torch.from_numpy(prepared(encoder, flip=True)(IMAGES))
    torch.testing.assert_close(flipped, expected, rtol=1e-4, atol=1e-4)


def test_normalize_gives_length_one_and_keeps_zero_vectors() -> None:
    encoder = lively("san_resnet50", head="fc512")
    lengths = np.linalg.norm(prepared(encoder, normalize=True)(IMAGES), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-6)
    nn.init.constant_(encoder.embed.bn.bias, -1e6)
    assert not prepared(encoder, normalize=True)(IMAGES).any()


def test_weights_and_features_must_be_finite() -> None:
    encoder = lively("san_resnet50")
    nn.init.constant_(encoder.conv1.weight, float("inf"))
    with pytest.raises(NotFiniteError, match=r"conv1\.weight \(torch\.float32\) contains NaN"):
        prepared(encoder)(IMAGES)


def test_float16_needs_a_gpu() -> None:
    with pytest.raises(InvalidInputError, match="On the CPU use 'bfloat16'"):
        prepared(san_resnet50(), dtype="float16")


def test_auto_is_an_available_device() -> None:
    torch.zeros(1, device=resolve_device("auto"))


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "tpu", ""])
def test_unknown_devices_are_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="choose auto, cpu, cuda"):
        resolve_device(name)


def test_a_missing_device_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="CUDA devices"):
        resolve_device("cuda:99")
