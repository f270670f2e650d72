"""The light main stream of DSA-reID against eight separate branches."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reid_align import create_model
from reid_align.errors import UnknownNameError
from reid_align.models.dsa_light_encoder import DsaLightEncoder
from reid_align.models.light_encoder import InvertedResidual

NAMES = ("dsa_mobilenet_v2", "dsa_efficientnet_lite0", "dsa_efficientnet_lite2")


def enlivened(encoder: nn.Module) -> nn.Module:
    """Give batch norms random statistics and parameters."""
    generator = torch.Generator().manual_seed(0)
    for layer in encoder.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                values.data = torch.rand(values.shape, generator=generator) + 0.1
    return encoder.eval()


def separate(layers: nn.Module, x: Tensor, branch: int) -> Tensor:
    """Run the layers of one branch, with its eighth of every parameter."""
    for layer in layers:
        if isinstance(layer, InvertedResidual):
            y = separate(layer.conv, x, branch)
            x = x + y if layer.shortcut else y
        elif isinstance(layer, nn.Sequential):
            x = separate(layer, x, branch)
        elif isinstance(layer, nn.Conv2d):
            weight = layer.weight.chunk(8)[branch]
            depthwise = layer.weight.shape[1] == 1
            groups = len(weight) if depthwise else 1
            x = F.conv2d(x, weight, padding=layer.padding, groups=groups)
        elif isinstance(layer, nn.BatchNorm2d):
            mean, var, weight, bias = (
                values.chunk(8)[branch].view(1, -1, 1, 1)
                for values in (layer.running_mean, layer.running_var, layer.weight, layer.bias)
            )
            x = (x - mean) / torch.sqrt(var + layer.eps) * weight + bias
        else:
            x = x.clamp(0, 6)
    return x


@pytest.mark.parametrize("local_input", ["full", "slice"])
@pytest.mark.parametrize("name", NAMES)
def test_grouped_local_branches_equal_eight_separate_ones(name: str, local_input: str) -> None:
    encoder = enlivened(create_model(name, local_input=local_input))
    assert isinstance(encoder, DsaLightEncoder)
    maps = torch.randn(2, encoder.channels[2], 4, 2)
    with torch.inference_mode():
        together = encoder.local4(maps)
        assert together.shape == (2, 1280, 4, 2)
        assert together.std() > 0.01
        for branch in range(8):
            read = maps if local_input == "full" else maps.chunk(8, dim=1)[branch]
            part = separate(encoder.local4, read, branch)
            torch.testing.assert_close(part, together.chunk(8, dim=1)[branch])


@pytest.mark.parametrize("branches", ["global", "local"])
@pytest.mark.parametrize("name", NAMES[:2])
def test_a_single_branch_equals_its_half_of_the_feature(name: str, branches: str) -> None:
    both, one = enlivened(create_model(name)), create_model(name, branches=branches)
    one.load_state_dict({key: both.state_dict()[key] for key in one.state_dict()})
    images = torch.randn(2, 3, 64, 32)
    with torch.inference_mode():
        features = both(images)
        half = features[:, :1280] if branches == "global" else features[:, 1280:]
        torch.testing.assert_close(one.eval()(images), half)
    assert len(one.forward_maps(images)) == 4


def test_the_global_branch_is_the_light_encoder() -> None:
    encoder = enlivened(create_model("dsa_mobilenet_v2"))
    light = create_model("san_mobilenet_v2")
    light.load_state_dict(
        {key: value for key, value in encoder.state_dict().items() if "local4" not in key}
    )
    images = torch.randn(2, 3, 64, 32)
    with torch.inference_mode():
        expected = light.eval()(images)
        assert expected.std() > 0.01
        torch.testing.assert_close(encoder(images)[:, :1280], expected)


def test_parts_are_normalized_and_necks_follow() -> None:
    encoder = create_model("dsa_mobilenet_v2", norm_parts=True, head="bnneck", pool="gem")
    with torch.inference_mode():
        features = encoder(torch.randn(2, 3, 64, 32))
    norms = features.unflatten(1, (2, -1)).norm(dim=2)
    torch.testing.assert_close(norms, torch.ones(2, 2))


@pytest.mark.parametrize(
    ("name", "local_input", "parameters"),
    [
        ("dsa_mobilenet_v2", "full", 2_525_376),
        ("dsa_mobilenet_v2", "slice", 2_476_992),
        ("dsa_efficientnet_lite0", "full", 3_892_640),
    ],
)
def test_sizes(name: str, local_input: str, parameters: int) -> None:
    encoder = create_model(name, local_input=local_input)
    assert sum(p.numel() for p in encoder.parameters()) == parameters
    assert encoder.feature_dim == 2560


@pytest.mark.parametrize("argument", ["local_input", "branches", "head", "pool"])
def test_unknown_values_are_refused(argument: str) -> None:
    with pytest.raises(UnknownNameError, match=argument):
        create_model("dsa_mobilenet_v2", **{argument: "other"})
