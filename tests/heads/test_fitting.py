import pytest
import torch

from reid_align import create_model, list_models
from reid_align.heads import TextureDecoder, create_head, decoder_for, guide_for
from reid_align.models.encoder import Encoder


@pytest.fixture(scope="module", params=[name for name in list_models() if "101" not in name])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return create_model(request.param)


def test_a_decoder_reads_the_maps_of_every_encoder(encoder: Encoder) -> None:
    decoder = decoder_for(encoder, height=64, width=48)
    with torch.inference_mode():
        decoded = decoder(*encoder.forward_maps(torch.randn(2, 3, 64, 32))[:4])
    assert decoded.texture.shape == (2, 3, 64, 48)


def test_a_guide_speaks_in_vectors_that_can_be_added_to_each_half(encoder: Encoder) -> None:
    with torch.device("meta"):
        guide = guide_for(encoder)
        features = guide(torch.empty(2, 24, 3, 32, 32))
    half = encoder.channels[-1]
    assert features.global_feature.shape == features.local_features.shape == (2, half)


def test_for_the_papers_encoders_these_are_the_papers_heads() -> None:
    with torch.device("meta"):
        encoder = create_model("dsa_reid")
        decoder, guide = decoder_for(encoder), guide_for(encoder)
    assert sum(p.numel() for p in decoder.parameters()) == 9_071_075
    assert sum(p.numel() for p in guide.parameters()) == 162_025_472


def test_a_head_knows_what_rebuilds_it() -> None:
    encoder = create_model("san_resnet18")
    with torch.device("meta"):
        decoder = decoder_for(encoder, skips=False)
        guide = guide_for(encoder, conv5_g="bottleneck")
        other = create_head("san_decoder", width=128)
    assert decoder.architecture == other.architecture == "san_decoder"
    size = {"height": 256, "width": 256}
    assert decoder.arch_args == {"skips": False, "channels": 512, **size}
    assert other.arch_args == {"skips": True, "height": 256, "width": 128, "channels": 2048}
    assert guide.architecture == "dsag_stream"
    assert guide.arch_args == {"conv5_g": "bottleneck", "share": "none", "width": 8}
    assert isinstance(create_head(decoder.architecture, **decoder.arch_args), TextureDecoder)
