import math

import pytest
import torch
from small_tasks import small

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.tasks import (
    DecoderConfig,
    DenseUvConfig,
    DsaConfig,
    EncoderConfig,
    SanConfig,
    SupervisionConfig,
)


def test_encoder_is_built_in_training_mode_with_its_image_size() -> None:
    encoder = small("san_resnet18", head="fc512").build()
    assert encoder.training
    assert encoder.architecture == "san_resnet18"
    assert encoder.feature_dim == 512
    assert (encoder.preprocess.height, encoder.preprocess.width) == (32, 16)


def test_config_has_the_image_size() -> None:
    preprocess = SanConfig(small()).preprocess
    assert (preprocess.height, preprocess.width) == (32, 16)


def test_random_weights_come_from_the_global_generator() -> None:
    first, again = ((torch.manual_seed(5), small().build().conv1.weight)[1] for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize(
    ("config", "name", "value"),
    [
        (SupervisionConfig, "identity_weight", -1.0),
        (SupervisionConfig, "triplet_weight", math.nan),
        (SupervisionConfig, "margin", -0.1),
        (SupervisionConfig, "label_smoothing", 1.1),
        (SanConfig, "reconstruction_weight", -1.0),
        (SanConfig, "constraint_weight", math.inf),
        (DsaConfig, "main_identity_weight", math.nan),
        (DsaConfig, "main_contrast_weight", -0.5),
        (SupervisionConfig, "triplet_weight", -math.inf),
        (SupervisionConfig, "label_smoothing", math.nan),
        (SupervisionConfig, "margin", math.nan),
        (DenseUvConfig, "parts_weight", -1.0),
        (DenseUvConfig, "coordinates_weight", math.nan),
        (DenseUvConfig, "transition", -0.05),
    ],
)
def test_loss_settings_out_of_range_are_refused(config: type, name: str, value: float) -> None:
    with pytest.raises(InvalidInputError, match=f"{name}={value}: give a"):
        config(**{name: value})


@pytest.mark.parametrize("target", ["none", "textures"])
def test_unknown_decoder_targets_are_refused(target: str) -> None:
    with pytest.raises(
        UnknownNameError, match=f"target '{target}'.*Known: external, frontal, input, texture"
    ):
        DecoderConfig(target)


def test_limits_of_the_ranges_are_allowed() -> None:
    SupervisionConfig(identity_weight=0.0, label_smoothing=1.0, margin=0.0)


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        (EncoderConfig("san_resnet51"), UnknownNameError, "san_resnet50"),
        (EncoderConfig(arguments={"heads": "gap"}), UnknownNameError, "Did you mean 'head'"),
        (EncoderConfig(height=0), InvalidInputError, "from 1 to 2048"),
    ],
)
def test_invalid_encoders_are_refused(
    config: EncoderConfig, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        config.build()
