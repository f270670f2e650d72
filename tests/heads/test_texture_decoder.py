import math

import pytest
import torch
from torch import Tensor, nn

from reid_align.errors import InvalidInputError
from reid_align.heads import TextureDecoder


def stage_maps(
    count: int = 2, widths: tuple[int, ...] = (256, 512, 1024, 2048), height: int = 4
) -> list[Tensor]:
    torch.manual_seed(0)
    sizes = ((4 * height, 2 * height), (2 * height, height), (height, height // 2))
    return [
        torch.randn(count, channels, *size).relu_()
        for channels, size in zip(widths, (*sizes, sizes[-1]), strict=True)
    ]


@pytest.mark.parametrize(("skips", "count"), [(True, 9_071_075), (False, 8_396_835)])
def test_parameter_counts_are_those_of_the_official_decoder_and_of_the_figure(
    skips: bool, count: int
) -> None:
    with torch.device("meta"):
        decoder = TextureDecoder(skips=skips)
    assert sum(p.numel() for p in decoder.parameters()) == count


def test_the_default_is_the_decoder_of_the_papers_figure() -> None:
    with torch.device("meta"):
        decoder = TextureDecoder()
    assert (decoder.skip1, decoder.skip2, decoder.skip3) == (None, None, None)


@pytest.mark.parametrize("skips", [True, False])
def test_shapes_at_256_by_128(skips: bool) -> None:
    with torch.device("meta"):
        decoded = TextureDecoder(skips=skips)(*stage_maps(height=16))
    assert [tuple(m.shape) for m in decoded] == [
        (2, 3, 256, 256),
        (2, 256, 32, 16),
        (2, 64, 64, 32),
        (2, 32, 128, 64),
        (2, 16, 256, 128),
    ]


def test_narrower_encoders_fit_and_the_blocks_keep_their_widths() -> None:
    widths = (64, 128, 256, 512)
    decoder = TextureDecoder(channels=widths[-1])
    decoded = decoder(*stage_maps(widths=widths))
    assert [m.shape[1] for m in decoded] == [3, 256, 64, 32, 16]


def test_a_narrow_decoder_has_half_the_channels_and_the_same_texture_size() -> None:
    with torch.device("meta"):
        decoder = TextureDecoder(channels=1280, narrow=True)
        decoded = decoder(*stage_maps(widths=(24, 32, 96, 1280), height=8))
    assert sum(p.numel() for p in decoder.parameters()) == 2_166_675
    assert [tuple(m.shape[1:]) for m in decoded] == [
        (3, 256, 256),
        (128, 16, 8),
        (32, 32, 16),
        (16, 64, 32),
        (8, 128, 64),
    ]


@torch.no_grad()
def test_texture_is_the_rgb_map_stretched_between_its_outer_columns() -> None:
    decoder = TextureDecoder(height=64, width=64).eval()
    decoded = decoder(*stage_maps())
    rgb = decoder.to_rgb(decoded.d4)
    columns = torch.arange(64) * (31 / 63)
    left = columns.floor().long().clamp(max=30)
    share = columns - left
    expected = rgb[..., left] * (1 - share) + rgb[..., left + 1] * share
    assert rgb.shape == (2, 3, 64, 32)
    torch.testing.assert_close(decoded.texture, expected, rtol=1e-4, atol=1e-8)


@torch.no_grad()
def test_a_person_image_as_the_target_is_not_stretched() -> None:
    decoder = TextureDecoder(height=64, width=32).eval()
    decoded = decoder(*stage_maps())
    assert torch.equal(decoded.texture, decoder.to_rgb(decoded.d4))


@torch.no_grad()
def test_without_skips_equals_skips_that_add_zero() -> None:
    with_skips, without = TextureDecoder(skips=True).eval(), TextureDecoder().eval()
    for skip in (with_skips.skip1, with_skips.skip2, with_skips.skip3):
        nn.init.zeros_(skip.bn.weight)
    without.load_state_dict(
        {k: v for k, v in with_skips.state_dict().items() if not k.startswith("skip")}
    )
    maps = stage_maps()
    assert torch.equal(with_skips(*maps).texture, without(*maps).texture)


@pytest.mark.parametrize(("skips", "read"), [(True, 4), (False, 1)])
def test_the_texture_depends_on_the_connected_maps(skips: bool, read: int) -> None:
    maps = [m.requires_grad_() for m in stage_maps()]
    TextureDecoder(skips=skips)(*maps).texture.sum().backward()
    touched = [m.grad is not None and bool(m.grad.any()) for m in maps]
    assert touched == [False] * (4 - read) + [True] * read


def test_initial_weights_are_xavier_with_gain_002_and_batch_norms_near_one() -> None:
    torch.manual_seed(0)
    decoder = TextureDecoder(skips=True)
    gains = []
    for layer in decoder.modules():
        if isinstance(layer, nn.Conv2d):
            area = layer.kernel_size[0] * layer.kernel_size[1]
            expected = 0.02 * math.sqrt(2 / (area * (layer.in_channels + layer.out_channels)))
            assert layer.weight.std().item() == pytest.approx(expected, rel=0.05)
            assert layer.bias is None or not layer.bias.any()
        elif isinstance(layer, nn.BatchNorm2d):
            gains.append(layer.weight)
            assert not layer.bias.any()
    gain = torch.cat(gains)
    assert (gain.mean().item(), gain.std().item()) == pytest.approx((1.0, 0.02), abs=0.002)


def test_an_untrained_decoder_gives_a_texture_near_zero() -> None:
    torch.manual_seed(0)
    decoded = TextureDecoder(skips=True).train()(*stage_maps(count=4, height=16))
    # Measured on the authors' code with its own initialization, one draw on other maps.
    expected = {"texture": 8e-5, "d1": 0.027, "d2": 0.021, "d3": 0.017, "d4": 0.005}
    measured = {name: m.std().item() for name, m in decoded._asdict().items()}
    assert measured == pytest.approx(expected, rel=0.4)


@pytest.mark.parametrize(("height", "width"), [(0, 256), (256, 0), (-1, 256)])
def test_empty_textures_are_refused(height: int, width: int) -> None:
    with pytest.raises(InvalidInputError, match=f"{height}×{width} pixels"):
        TextureDecoder(height=height, width=width)


@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("index", range(4))
def test_maps_of_other_shapes_are_refused(skips: bool, index: int) -> None:
    with torch.device("meta"):
        decoder, maps = TextureDecoder(skips=skips), stage_maps()
    maps[index] = maps[index][..., ::2, ::2]
    with pytest.raises(InvalidInputError, match="stride 1 in the last stage"):
        decoder(*maps)


def test_maps_in_the_wrong_order_and_pooled_features_are_refused() -> None:
    with torch.device("meta"):
        decoder, maps = TextureDecoder(), stage_maps()
    with pytest.raises(InvalidInputError, match="Stage maps of shapes"):
        decoder(*reversed(maps))
    with pytest.raises(InvalidInputError, match="Stage maps of shapes"):
        decoder(*maps[:3], maps[3].mean((2, 3)))
