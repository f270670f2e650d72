"""Decoder against the official code, on the maps of torchvision's ResNet-50."""

import pytest
import torch
from official_san import (
    GOLDEN,
    check_golden,
    decoder_shapes,
    encoder_shapes,
    generated_state,
    golden_images,
)
from torch import Tensor, nn
from torchvision.models import resnet50

from reid_align.heads import TextureDecoder

FEATURES = ("feature_fc512", "gap_2048")
MAPS = [name for name in GOLDEN if name not in ("origin", *FEATURES)]
OFFICIAL_NAMES = {
    "reduce.conv": "reduce_dim.0",
    "reduce.bn": "reduce_dim.1",
    "to_rgb": "final_layer.1",
}
for i in (1, 2, 3):
    OFFICIAL_NAMES |= {f"skip{i}.conv": f"embed_layer{i}.0", f"skip{i}.bn": f"embed_layer{i}.1"}
for k in (1, 2, 3, 4):
    layers = {"conv1": "res.res.0", "bn1": "res.res.1", "conv2": "res.res.3", "bn2": "res.res.4"}
    OFFICIAL_NAMES |= {f"up{k}.{ours}": f"up{k}.{theirs}" for ours, theirs in layers.items()}
    OFFICIAL_NAMES[f"up{k}.proj"] = f"up{k}.conv.2"


def official_name(name: str) -> str:
    module, _, leaf = name.rpartition(".")
    return f"{OFFICIAL_NAMES[module]}.{leaf}"


def official_trunk() -> nn.Module:
    """Build the official encoder's trunk from torchvision's ResNet-50."""
    encoder = resnet50()
    first = encoder.layer4[0]
    first.conv2.stride = first.downsample[0].stride = (1, 1)
    encoder.fc = nn.Identity()
    state = generated_state(encoder_shapes())
    encoder.load_state_dict({name: state[name] for name in encoder.state_dict()})
    return encoder.eval()


def official_decoder() -> TextureDecoder:
    decoder = TextureDecoder(skips=True)
    state = generated_state(decoder_shapes())
    decoder.load_state_dict({name: state[official_name(name)] for name in decoder.state_dict()})
    return decoder.eval()


@pytest.fixture(scope="module")
@torch.no_grad()
def maps() -> dict[str, Tensor]:
    encoder = official_trunk()
    x = encoder.maxpool(encoder.relu(encoder.bn1(encoder.conv1(golden_images()))))
    stages = []
    for layer in (encoder.layer1, encoder.layer2, encoder.layer3, encoder.layer4):
        stages.append(x := layer(x))
    decoded = official_decoder()(*stages)
    return dict(zip(("e1", "e2", "e3", "e4"), stages, strict=True)) | decoded._asdict()


@pytest.mark.parametrize("name", MAPS)
def test_maps_equal_those_of_the_official_code(maps: dict[str, Tensor], name: str) -> None:
    check_golden(maps, name)
