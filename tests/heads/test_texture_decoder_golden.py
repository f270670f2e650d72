"""The decoder against the authors' own code; golden_san_decoder.json states the origin."""

import json
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import resnet50

from reid_align.heads import TextureDecoder

GOLDEN = json.loads((Path(__file__).parent / "golden_san_decoder.json").read_text())
MAPS = [name for name in GOLDEN if name != "origin"]
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


def generate(name: str, shape: torch.Size, k: int) -> Tensor:
    count = shape.numel()
    s = torch.sin(0.37 * torch.arange(count, dtype=torch.float64) + k)
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if name.endswith("running_var"):
        s = 1 + 0.5 * s
    elif name.endswith("running_mean"):
        s = 0.1 * s
    elif len(shape) >= 2:
        s = s * math.sqrt(2 / (count / shape[0]))
    elif name.endswith("weight"):
        s = 1 + 0.1 * s
    else:
        s = 0.1 * s
    return s.view(shape).float()


def generated_state(shapes: dict[str, torch.Size]) -> dict[str, Tensor]:
    return {name: generate(name, shapes[name], k) for k, name in enumerate(sorted(shapes))}


def official_encoder() -> nn.Module:
    """Build the official encoder from torchvision's ResNet-50, under the official names."""
    encoder = resnet50()
    first = encoder.layer4[0]
    first.conv2.stride = first.downsample[0].stride = (1, 1)
    encoder.fc = nn.Sequential(nn.Linear(2048, 512), nn.BatchNorm1d(512))
    encoder.classifier = nn.Linear(512, 10)
    state = generated_state({name: v.shape for name, v in encoder.state_dict().items()})
    assert len(state) == 327
    encoder.load_state_dict(state)
    return encoder.eval()


def official_decoder() -> TextureDecoder:
    decoder = TextureDecoder()
    shapes = {official_name(name): v.shape for name, v in decoder.state_dict().items()}
    assert len(shapes) == 86
    state = generated_state(shapes)
    decoder.load_state_dict({name: state[official_name(name)] for name in decoder.state_dict()})
    return decoder.eval()


@pytest.fixture(scope="module")
@torch.no_grad()
def maps() -> dict[str, Tensor]:
    flat = torch.arange(2 * 3 * 256 * 128, dtype=torch.float64)
    images = torch.cos(0.011 * flat).view(2, 3, 256, 128).float()
    encoder = official_encoder()
    x = encoder.maxpool(encoder.relu(encoder.bn1(encoder.conv1(images))))
    stages = []
    for layer in (encoder.layer1, encoder.layer2, encoder.layer3, encoder.layer4):
        stages.append(x := layer(x))
    decoded = official_decoder()(*stages)
    return dict(zip(("e1", "e2", "e3", "e4"), stages, strict=True)) | decoded._asdict()


@pytest.mark.parametrize("name", MAPS)
def test_maps_equal_those_of_the_official_code(maps: dict[str, Tensor], name: str) -> None:
    ours, golden = maps[name], GOLDEN[name]
    tolerance = 1e-4 * golden["abs_max"]
    assert list(ours.shape) == golden["shape"]
    assert ours.flatten()[golden["positions"]].tolist() == pytest.approx(
        golden["values"], rel=0, abs=tolerance
    )
    summary = [ours.double().mean().item(), ours.double().std().item(), ours.abs().max().item()]
    expected = [golden["mean"], golden["std"], golden["abs_max"]]
    assert summary == pytest.approx(expected, rel=0, abs=tolerance)
