"""Encoders of SAN and DSA-reID against the papers' numbers and torchvision's ResNet."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model

from reid_align import create_model, dsa_reid, san_resnet50
from reid_align.errors import UnknownNameError
from reid_align.models.dsa_encoder import DsaEncoder
from reid_align.models.resnet_blocks import BasicBlock, Bottleneck, stage
from reid_align.models.san_encoder import SanEncoder


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("constructor", "arguments", "count", "feature_dim"),
    [
        (SanEncoder, {}, 23_508_032, 2048),
        (SanEncoder, {"head": "fc512"}, 24_558_144, 512),
        (SanEncoder, {"head": "bnneck"}, 23_512_128, 2048),
        (DsaEncoder, {}, 27_692_096, 4096),
        (DsaEncoder, {"local_input": "slice"}, 25_398_336, 4096),
        (DsaEncoder, {"norm_parts": True}, 27_692_096, 4096),
        (SanEncoder, {"pool": "gem"}, 23_508_033, 2048),
        (SanEncoder, {"norm": "ibn_a"}, 23_508_032, 2048),
        # torchvision's counts without the classifier of 1000 classes.
        (SanEncoder, {"depth": 18}, 11_689_512 - 513_000, 512),
        (SanEncoder, {"depth": 34}, 21_797_672 - 513_000, 512),
        (SanEncoder, {"depth": 101}, 44_549_160 - 2_049_000, 2048),
    ],
)
def test_parameter_counts(
    constructor: type[SanEncoder | DsaEncoder],
    arguments: dict[str, str],
    count: int,
    feature_dim: int,
) -> None:
    with torch.device("meta"):
        encoder = constructor(**arguments)
    assert parameters(encoder) == count
    assert encoder.feature_dim == feature_dim


def test_parts_of_the_main_stream_have_the_papers_sizes() -> None:
    with torch.device("meta"):
        encoder = DsaEncoder()
        sliced = DsaEncoder(local_input="slice")
    assert parameters(encoder.layer4) == 14_964_736
    assert parameters(encoder.local4) == 4_184_064
    assert parameters(sliced.local4) == 1_890_304
    trunk = parameters(encoder) - parameters(encoder.layer4) - parameters(encoder.local4)
    assert trunk == 8_543_296


class HalfInstanceNorm(nn.Module):
    """IBN-a's first norm, with the names of its public code, XingangPan/IBN-Net."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.IN = nn.InstanceNorm2d(channels // 2, affine=True)
        self.BN = nn.BatchNorm2d(channels // 2)

    def forward(self, x: Tensor) -> Tensor:
        first, second = x.chunk(2, dim=1)
        return torch.cat((self.IN(first), self.BN(second)), 1)


def torchvision_trunk(depth: int, norm: str = "bn") -> nn.Module:
    """A ResNet of torchvision with the last stride removed and without its classifier."""
    torch.manual_seed(3)
    model = get_model(f"resnet{depth}", weights=None)
    strided = "conv1" if depth < 50 else "conv2"
    getattr(model.layer4[0], strided).stride = model.layer4[0].downsample[0].stride = (1, 1)
    model.avgpool, model.fc = nn.Identity(), nn.Identity()
    if norm == "ibn_a":
        for block in (*model.layer1, *model.layer2, *model.layer3):
            block.bn1 = HalfInstanceNorm(block.bn1.num_features)
    enliven(model)
    return model.eval()


def enliven(model: nn.Module) -> None:
    """Give all norms different weights and statistics."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)


@pytest.mark.parametrize("norm", ["bn", "ibn_a"])
@pytest.mark.parametrize("depth", [18, 34, 50, 101])
def test_the_trunks_are_torchvisions_with_the_last_stride_removed(depth: int, norm: str) -> None:
    theirs = torchvision_trunk(depth, norm)
    ours = create_model(f"resnet{depth}_baseline", norm=norm)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    images = torch.randn(2, 3, 64, 32)
    with torch.inference_mode():
        expected = theirs(images).view(2, -1, 4, 2)
        maps = ours.forward_maps(images)
        scale = expected.abs().max()
        torch.testing.assert_close(maps[-1] / scale, expected / scale, rtol=0, atol=1e-5)
        average = expected.mean((2, 3))
        torch.testing.assert_close(ours(images) / scale, average / scale, rtol=0, atol=1e-5)


def test_densenet_is_torchvisions_with_the_last_pooling_removed() -> None:
    torch.manual_seed(3)
    theirs = get_model("densenet121", weights=None).features
    theirs.transition3.pool = nn.Identity()
    enliven(theirs)
    theirs.eval()
    ours = create_model("san_densenet121")
    assert list(ours.features.state_dict()) == list(theirs.state_dict())
    ours.features.load_state_dict(theirs.state_dict())
    images = torch.randn(2, 3, 64, 32)
    with torch.inference_mode():
        expected = theirs(images).relu()
        maps = ours.forward_maps(images)
        torch.testing.assert_close(maps[-1], expected, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(ours(images), expected.mean((2, 3)), rtol=1e-4, atol=1e-4)
        second = theirs.transition1(theirs.denseblock1(theirs[:4](images)))
        pooled = nn.functional.avg_pool2d(maps[0], 2)
        torch.testing.assert_close(pooled, second, rtol=1e-4, atol=1e-4)
    # torchvision's count without the classifier of 1000 classes.
    assert parameters(ours) == 7_978_856 - 1_025_000


def test_keys_of_ibn_a_are_those_of_its_public_code() -> None:
    with torch.device("meta"):
        keys = list(SanEncoder(norm="ibn_a").state_dict())
    norm = [key for key in keys if key.startswith("layer1.0.bn1.")]
    assert norm == [
        f"layer1.0.bn1.{name}"
        for name in (
            "IN.weight",
            "IN.bias",
            "BN.weight",
            "BN.bias",
            "BN.running_mean",
            "BN.running_var",
            "BN.num_batches_tracked",
        )
    ]
    assert sum(key.endswith("IN.weight") for key in keys) == 3 + 4 + 6
    assert not [key for key in keys if key.startswith("layer4") and "IN" in key]


def test_maps_at_the_papers_size() -> None:
    with torch.inference_mode():
        maps = dsa_reid().forward_maps(torch.zeros(1, 3, 256, 128))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (256, 64, 32),
        (512, 32, 16),
        (1024, 16, 8),
        (2048, 16, 8),
        (2048, 16, 8),
    ]


def test_fc512_is_linear_batch_norm_and_relu_of_the_average() -> None:
    encoder = san_resnet50(head="fc512")
    nn.init.normal_(encoder.embed.bn.running_mean)
    images = torch.randn(3, 3, 64, 32)
    with torch.inference_mode():
        average = encoder.forward_maps(images)[-1].mean((2, 3))
        linear = average @ encoder.embed.fc.weight.T + encoder.embed.fc.bias
        bn = encoder.embed.bn
        expected = ((linear - bn.running_mean) / (bn.running_var + bn.eps).sqrt()).clamp(min=0)
        torch.testing.assert_close(encoder(images), expected, rtol=1e-4, atol=1e-5)
    assert expected.min() == 0


def test_bnneck_normalizes_the_average() -> None:
    encoder = san_resnet50(head="bnneck")
    nn.init.uniform_(encoder.embed.running_var, 1, 4)
    images = torch.randn(2, 3, 64, 32)
    with torch.inference_mode():
        average = encoder.forward_maps(images)[-1].mean((2, 3))
        expected = average / (encoder.embed.running_var + encoder.embed.eps).sqrt()
        torch.testing.assert_close(encoder(images), expected)


def branch_slices(grouped: Tensor, branch: int, parts: int = 8) -> Tensor:
    size = len(grouped) // parts
    return grouped[branch * size : (branch + 1) * size]


@pytest.mark.parametrize("local_input", ["full", "slice"])
@pytest.mark.parametrize("depth", [18, 50])
def test_grouped_local_branches_equal_eight_separate_ones(depth: int, local_input: str) -> None:
    encoder = DsaEncoder(depth, local_input=local_input)
    enliven(encoder)
    encoder.eval()
    e3, e4 = encoder.channels[2:]
    block, blocks = (BasicBlock, 2) if depth == 18 else (Bottleneck, 3)
    maps = torch.randn(2, e3, 4, 2).relu()
    with torch.inference_mode():
        together = encoder.local4(maps)
        for branch in range(8):
            read = maps if local_input == "full" else maps.chunk(8, dim=1)[branch]
            separate = stage(read.shape[1], 64, blocks, stride=1, block=block).eval()
            grouped = encoder.local4.state_dict()
            separate.load_state_dict(
                {
                    key: value if value.ndim == 0 else branch_slices(value, branch)
                    for key, value in grouped.items()
                }
            )
            part = together[:, branch * e4 // 8 : (branch + 1) * e4 // 8]
            torch.testing.assert_close(part, separate(read), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("branches", ["global", "local"])
def test_a_single_branch_equals_its_half_of_the_feature(branches: str) -> None:
    both, one = DsaEncoder(18).eval(), DsaEncoder(18, branches=branches).eval()
    one.load_state_dict({key: both.state_dict()[key] for key in one.state_dict()})
    images = torch.randn(2, 3, 64, 32)
    with torch.inference_mode():
        half = both(images)[:, :512] if branches == "global" else both(images)[:, 512:]
        torch.testing.assert_close(one(images), half)


def test_the_feature_is_the_global_half_and_the_local_half() -> None:
    encoder = dsa_reid()
    images = torch.randn(2, 3, 64, 32)
    with torch.inference_mode():
        features = encoder(images)
        e3 = encoder.forward_maps(images)[2]
        torch.testing.assert_close(features[:, :2048], encoder.layer4(e3).mean((2, 3)))
        torch.testing.assert_close(features[:, 2048:], encoder.local4(e3).mean((2, 3)))


def test_norm_parts_gives_both_halves_length_one() -> None:
    encoder = dsa_reid(norm_parts=True)
    with torch.inference_mode():
        features = encoder(torch.randn(2, 3, 64, 32))
    lengths = features.view(2, 2, 2048).norm(dim=2)
    torch.testing.assert_close(lengths, torch.ones(2, 2))


@pytest.mark.parametrize(
    ("factory", "arguments"),
    [
        (san_resnet50, {"head": "fc256"}),
        (san_resnet50, {"pool": "max"}),
        (san_resnet50, {"norm": "ibn_b"}),
        (SanEncoder, {"depth": 152}),
        (dsa_reid, {"local_input": "half"}),
        (dsa_reid, {"head": "fc512"}),
        (dsa_reid, {"branches": "one"}),
    ],
)
def test_unknown_choices_are_refused(
    factory: type[SanEncoder | DsaEncoder], arguments: dict[str, str]
) -> None:
    with pytest.raises(UnknownNameError, match="Known: "):
        factory(**arguments)


@pytest.mark.parametrize("local_input", ["full", "slice"])
def test_local_branches_start_like_eight_separate_networks(local_input: str) -> None:
    torch.manual_seed(0)
    local = dsa_reid(local_input=local_input).local4
    for layer in (local[0].conv1, local[0].conv2, local[1].conv1, local[2].conv3):
        branch_fan_out = layer.out_channels / 8 * layer.kernel_size[0] ** 2
        assert layer.weight.std().item() == pytest.approx((2 / branch_fan_out) ** 0.5, rel=0.02)
