"""SAN's and DSA-reID's encoders against the papers' figures and torchvision's ResNet-50."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import resnet50

from reid_align import dsa_reid, resnet50_baseline, san_resnet50
from reid_align.errors import UnknownNameError
from reid_align.models.dsa import DsaEncoder
from reid_align.models.resnet import stage
from reid_align.models.san import SanEncoder


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


def torchvision_trunk() -> nn.Module:
    """ResNet-50 of torchvision with the last stride removed and without its classifier."""
    torch.manual_seed(3)
    model = resnet50(weights=None)
    model.layer4[0].conv2.stride = model.layer4[0].downsample[0].stride = (1, 1)
    model.avgpool, model.fc = nn.Identity(), nn.Identity()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model.eval()


def test_the_trunk_is_torchvisions_resnet50_with_the_last_stride_removed() -> None:
    theirs = torchvision_trunk()
    ours = resnet50_baseline()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    images = torch.randn(2, 3, 128, 64)
    with torch.inference_mode():
        expected = theirs(images).view(2, 2048, 8, 4)
        maps = ours.forward_maps(images)
        torch.testing.assert_close(maps[-1], expected, rtol=0, atol=1e-6)
        torch.testing.assert_close(ours(images), expected.mean((2, 3)), rtol=0, atol=1e-6)


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


def test_bnneck_normalises_the_average() -> None:
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
def test_grouped_local_branches_equal_eight_separate_ones(local_input: str) -> None:
    encoder = dsa_reid(local_input=local_input)
    maps = torch.randn(2, 1024, 4, 2).relu()
    with torch.inference_mode():
        together = encoder.local4(maps)
        for branch in range(8):
            separate = stage(1024 if local_input == "full" else 128, 64, 3, stride=1).eval()
            grouped = encoder.local4.state_dict()
            separate.load_state_dict(
                {
                    key: value if value.ndim == 0 else branch_slices(value, branch)
                    for key, value in grouped.items()
                }
            )
            reads = maps if local_input == "full" else maps[:, branch * 128 : (branch + 1) * 128]
            part = together[:, branch * 256 : (branch + 1) * 256]
            torch.testing.assert_close(part, separate(reads), rtol=1e-5, atol=1e-5)


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
    [(san_resnet50, {"head": "fc256"}), (dsa_reid, {"local_input": "half"})],
)
def test_other_choices_are_refused(
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
