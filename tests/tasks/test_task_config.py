import pytest
import torch
from small_tasks import small

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.tasks import EncoderConfig, SanConfig


def test_an_encoder_is_built_to_be_trained_on_pictures_of_its_size() -> None:
    encoder = small("san_resnet18", head="fc512").build()
    assert encoder.training
    assert encoder.architecture == "san_resnet18"
    assert encoder.feature_dim == 512
    assert (encoder.preprocess.height, encoder.preprocess.width) == (32, 16)


def test_a_config_says_what_size_its_pictures_are() -> None:
    preprocess = SanConfig(small()).preprocess
    assert (preprocess.height, preprocess.width) == (32, 16)


def test_weights_come_from_the_global_generator() -> None:
    first, again = ((torch.manual_seed(5), small().build().conv1.weight)[1] for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        (EncoderConfig("san_resnet51"), UnknownNameError, "san_resnet50"),
        (EncoderConfig(arguments={"heads": "gap"}), UnknownNameError, "Did you mean 'head'"),
        (EncoderConfig(height=0), InvalidInputError, "at least 1"),
    ],
)
def test_what_no_encoder_can_be_is_refused(
    config: EncoderConfig, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        config.build()
