import pytest
import torch

from reid_align import create_model, list_models
from reid_align.errors import InvalidInputError
from reid_align.heads import TextureDecoder, create_head, decoder_for
from reid_align.models.encoder import Encoder


@pytest.fixture(scope="module", params=[name for name in list_models() if "101" not in name])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    # The decoder needs stride 1 in the last stage.
    stride = {"last_stride": 1} if request.param == "layumi_resnet50" else {}
    return create_model(request.param, **stride)


def test_a_decoder_fits_every_encoder(encoder: Encoder) -> None:
    decoder = decoder_for(encoder, height=64, width=48)
    with torch.inference_mode():
        decoded = decoder(*encoder.forward_maps(torch.randn(2, 3, 64, 32))[:4])
    assert decoded.texture.shape == (2, 3, 64, 48)


def test_skip_connections_need_channels_that_double_with_each_stage() -> None:
    with torch.device("meta"):
        encoder = create_model("san_mobilenet_v2")
        with pytest.raises(InvalidInputError, match=r"san_mobilenet_v2 has .*Use skips=False"):
            decoder_for(encoder, skips=True)


@pytest.mark.parametrize("name", ["san_resnet18", "san_densenet121", "dsa_resnet18"])
def test_a_decoder_with_skip_connections_fits_resnets_and_densenets(name: str) -> None:
    encoder = create_model(name)
    decoder = decoder_for(encoder, skips=True, height=64, width=48)
    with torch.inference_mode():
        decoded = decoder(*encoder.forward_maps(torch.randn(2, 3, 64, 32))[:4])
    assert decoded.texture.shape == (2, 3, 64, 48)


def test_the_papers_encoders_get_the_papers_decoder() -> None:
    with torch.device("meta"):
        encoder = create_model("dsa_reid")
        decoder = decoder_for(encoder)
    assert sum(p.numel() for p in decoder.parameters()) == 8_396_835


def test_a_head_has_the_arguments_that_rebuild_it() -> None:
    encoder = create_model("san_resnet18")
    with torch.device("meta"):
        decoder = decoder_for(encoder, skips=True)
        other = create_head("san_decoder", width=128)
    assert decoder.architecture == other.architecture == "san_decoder"
    size = {"height": 256, "width": 256}
    assert decoder.arch_args == {"skips": True, "channels": 512, "narrow": False, **size}
    size["width"] = 128
    assert other.arch_args == {"skips": False, "channels": 2048, "narrow": False, **size}
    assert isinstance(create_head(decoder.architecture, **decoder.arch_args), TextureDecoder)
