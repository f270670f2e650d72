import math
from collections import OrderedDict
from typing import Literal

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.heads import DsagStream

WIDTH = 2


def basic_blocks(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    shortcut = None
    if stride != 1 or in_channels != out_channels:
        shortcut = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
            nn.BatchNorm2d(out_channels),
        )
    return nn.Sequential(
        BasicBlock(in_channels, out_channels, stride, shortcut),
        BasicBlock(out_channels, out_channels),
    )


def stem() -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = nn.Conv2d(3, WIDTH, 5, padding=2, bias=False)
    layers["bn1"] = nn.BatchNorm2d(WIDTH)
    layers["relu_a"] = nn.ReLU()
    layers["conv2"] = nn.Conv2d(WIDTH, 2 * WIDTH, 3, padding=1, bias=False)
    layers["bn2"] = nn.BatchNorm2d(2 * WIDTH)
    layers["relu_b"] = nn.ReLU()
    layers["conv3"] = basic_blocks(2 * WIDTH, 2 * WIDTH, 2)
    return nn.Sequential(layers)


def global_head(kind: str) -> nn.Sequential:
    if kind == "basic":
        return basic_blocks(32 * WIDTH, 64 * WIDTH, 1)
    shortcut = nn.Sequential(
        nn.Conv2d(32 * WIDTH, 64 * WIDTH, 1, bias=False), nn.BatchNorm2d(64 * WIDTH)
    )
    return nn.Sequential(
        Bottleneck(32 * WIDTH, 16 * WIDTH, 1, shortcut),
        Bottleneck(64 * WIDTH, 16 * WIDTH),
        Bottleneck(64 * WIDTH, 16 * WIDTH),
    )


class SeparateBranches(nn.Module):
    """24, 13 and 8 separate networks with slices of the weights of a grouped stream."""

    def __init__(self, stream: DsagStream, kind: str) -> None:
        super().__init__()
        self.stems = nn.ModuleList(stem() for _ in range(24))
        self.conv4s = nn.ModuleList(basic_blocks(2 * WIDTH, 4 * WIDTH, 2) for _ in range(13))
        self.locals = nn.ModuleList(basic_blocks(4 * WIDTH, 8 * WIDTH, 1) for _ in range(8))
        self.whole = global_head(kind)
        self.double()
        self.whole.load_state_dict(stream.conv5_g.state_dict())
        load_slices(self.stems, stream.stem)
        load_slices(self.conv4s, stream.conv4)
        load_slices(self.locals, stream.conv5_l)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        p = [net(images[:, i]) for i, net in enumerate(self.stems)]
        surfaces = [p[0], p[1]] + [p[i] + p[i + 1] for i in range(2, 24, 2)]
        s = [net(surface) for net, surface in zip(self.conv4s, surfaces, strict=True)]
        torso, upper_legs, lower_legs = s[0] + s[1], s[4] + s[5], s[6] + s[7]
        upper_arms, lower_arms = s[8] + s[9], s[10] + s[11]
        eight = [torso, s[2], s[3], upper_legs, lower_legs, upper_arms, lower_arms, s[12]]
        pooled = [net(m).mean((2, 3)) for net, m in zip(self.locals, eight, strict=True)]
        return self.whole(torch.cat(eight, 1)).mean((2, 3)), torch.cat(pooled, 1)


def load_slices(branches: nn.ModuleList, grouped: nn.Module) -> None:
    for i, branch in enumerate(branches):
        branch.load_state_dict(
            {
                name: tensor.chunk(len(branches))[i] if tensor.ndim else tensor
                for name, tensor in grouped.state_dict().items()
            }
        )


def make_stream(
    conv5_g: Literal["basic", "bottleneck"] = "basic", share: Literal["none", "all"] = "none"
) -> DsagStream:
    """Build a small stream in float64 with different batch norms."""
    torch.manual_seed(0)
    stream = DsagStream(conv5_g=conv5_g, share=share, width=WIDTH).double()
    for layer in stream.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.3)
            nn.init.normal_(layer.running_mean, std=0.3)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
    return stream


def part_images() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(3, 24, 3, 16, 12, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
def test_grouped_branches_equal_separate_networks(
    kind: Literal["basic", "bottleneck"], training: bool
) -> None:
    stream = make_stream(conv5_g=kind).train(training)
    naive = SeparateBranches(stream, kind).train(training)
    ours, theirs = part_images().requires_grad_(), part_images().requires_grad_()
    features, expected = stream(ours), naive(theirs)
    torch.testing.assert_close(tuple(features), expected, rtol=0, atol=1e-9)
    (features.global_feature.sum() + features.local_features.square().sum()).backward()
    (expected[0].sum() + expected[1].square().sum()).backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=0, atol=1e-9)
    statistics = [net.bn2.running_var for net in naive.stems]
    torch.testing.assert_close(stream.stem.bn2.running_var, torch.cat(statistics))


@torch.no_grad()
@pytest.mark.parametrize("training", [False, True])
def test_shared_branches_equal_one_network_on_all_parts(training: bool) -> None:
    stream = make_stream(share="all").train(training)
    one_stem, one_conv4 = stem().double(), basic_blocks(2 * WIDTH, 4 * WIDTH, 2).double()
    one_stem.load_state_dict(stream.stem.state_dict())
    one_conv4.load_state_dict(stream.conv4.state_dict())
    local = SeparateBranches(make_stream(), "basic").locals
    load_slices(local, stream.conv5_l)

    images = part_images()
    p = one_stem.train(training)(torch.cat([images[:, i] for i in range(24)])).chunk(24)
    surfaces = [p[0], p[1]] + [p[i] + p[i + 1] for i in range(2, 24, 2)]
    s = one_conv4.train(training)(torch.cat(surfaces)).chunk(13)
    hands, head = local[1].train(training)(s[2]), local[7].train(training)(s[12])

    runs = stream(images).local_features.unflatten(1, (8, 8 * WIDTH))
    torch.testing.assert_close(runs[:, 1], hands.mean((2, 3)), rtol=0, atol=1e-9)
    torch.testing.assert_close(runs[:, 7], head.mean((2, 3)), rtol=0, atol=1e-9)


def test_a_part_affects_only_its_own_local_features() -> None:
    stream = make_stream().eval()
    images = part_images()
    changed = images.clone()
    changed[:, 13 - 1] += 1
    before, after = stream(images).local_features, stream(changed).local_features
    moved = (before != after).unflatten(1, (8, -1)).any(2).all(0)
    assert moved.tolist() == [False, False, False, False, True, False, False, False]


@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
@pytest.mark.parametrize("share", ["none", "all"])
def test_features_have_2048_numbers_each(
    kind: Literal["basic", "bottleneck"], share: Literal["none", "all"]
) -> None:
    with torch.device("meta"):
        features = DsagStream(conv5_g=kind, share=share)(torch.empty(2, 24, 3, 32, 32))
    assert features.global_feature.shape == features.local_features.shape == (2, 2048)


def test_parameter_counts_follow_from_table_1_of_the_paper() -> None:
    def count(*modules: nn.Module) -> int:
        return sum(p.numel() for module in modules for p in module.parameters())

    with torch.device("meta"):
        stream, shared = DsagStream(), DsagStream(share="all")
        bottleneck = DsagStream(conv5_g="bottleneck")
    assert count(stream.stem, stream.conv4) == 10_989_568
    assert count(shared.stem, shared.conv4) == 698_784
    assert count(stream.conv5_g) == 134_238_208
    assert count(bottleneck.conv5_g) == 14_964_736
    assert count(stream.conv5_l) == 16_797_696
    assert count(stream) == 162_025_472


def test_maps_shrink_to_a_quarter_and_no_further() -> None:
    with torch.device("meta"):
        stream = DsagStream()
        stem_maps = stream.stem(torch.empty(1, 72, 32, 32))
        conv4_maps = stream.conv4(torch.empty(1, 13 * 64, 16, 16))
        heads = [head(torch.empty(1, 1024, 8, 8)) for head in (stream.conv5_g, stream.conv5_l)]
    assert stem_maps.shape == (1, 24 * 64, 16, 16)
    assert conv4_maps.shape == (1, 13 * 128, 8, 8)
    assert [head.shape for head in heads] == [(1, 2048, 8, 8)] * 2


def test_initial_weights_are_kaiming_of_one_branch() -> None:
    torch.manual_seed(0)
    stream = DsagStream(width=8)
    for layer in stream.modules():
        if isinstance(layer, nn.Conv2d):
            fan_out = layer.out_channels // layer.groups * layer.kernel_size[0] ** 2
            expected = math.sqrt(2 / fan_out)
            assert layer.weight.std().item() == pytest.approx(expected, rel=0.05)
            assert layer.bias is None


@pytest.mark.parametrize("shape", [(2, 72, 32, 32), (2, 23, 3, 32, 32), (2, 24, 1, 32, 32)])
def test_part_images_of_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError, match=r"\(N, 24, 3, H, W\)"):
        DsagStream(width=1)(torch.zeros(shape))


@pytest.mark.parametrize("argument", ["conv5_g", "share"])
def test_unknown_choices_are_refused(argument: str) -> None:
    with pytest.raises(UnknownNameError, match=f"Unknown {argument} 'some'"):
        DsagStream(**{argument: "some"})


def test_under_autocast_features_are_pooled_in_full_precision() -> None:
    stream = DsagStream(width=WIDTH).eval()
    with torch.autocast("cpu", torch.bfloat16):
        features = stream(*stream.example_inputs())
    rounded = features.global_feature.bfloat16().float()
    assert features.global_feature.dtype == features.local_features.dtype == torch.float32
    assert not torch.equal(features.global_feature, rounded)
