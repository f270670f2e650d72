"""Light encoders against the packages that publish their ImageNet weights."""

import json
from pathlib import Path

import pytest
import torch
from official_san import generated_state

from reid_align import create_model
from reid_align.models.light_encoder import LightEncoder, SamePaddedConv2d

GOLDEN = json.loads((Path(__file__).parents[1] / "golden_light_encoders.json").read_text())


@pytest.mark.parametrize("name", GOLDEN["maps"])
def test_the_last_map_is_that_of_the_original_package(name: str) -> None:
    expected = GOLDEN["maps"][name]
    encoder = create_model(f"san_{name}")
    trunk = {k: v for k, v in encoder.state_dict().items() if k.startswith("features.")}
    encoder.load_state_dict(generated_state({k: tuple(v.shape) for k, v in trunk.items()}))
    size = expected["input_size"]
    index = torch.arange(3 * size * size, dtype=torch.float64)
    with torch.inference_mode():
        found = encoder.forward_maps(torch.cos(0.011 * index).float().view(1, 3, size, size))[-1]
    assert list(found.shape) == expected["shape"]
    values = found.flatten()[expected["positions"]]
    torch.testing.assert_close(
        values / expected["abs_max"],
        torch.tensor(expected["values"]) / expected["abs_max"],
        rtol=0,
        atol=1e-4,
    )
    assert found.mean().item() == pytest.approx(expected["mean"], rel=1e-4)
    assert found.std(correction=0).item() == pytest.approx(expected["std"], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "parameters", "channels"),
    [
        ("san_mobilenet_v2", 2_223_872, (24, 32, 96, 1280)),
        ("san_efficientnet_lite0", 3_371_008, (24, 40, 112, 1280)),
        ("efficientnet_lite2_baseline", 4_811_072, (24, 48, 120, 1280)),
    ],
)
def test_sizes(name: str, parameters: int, channels: tuple[int, ...]) -> None:
    encoder = create_model(name)
    assert isinstance(encoder, LightEncoder)
    assert sum(p.numel() for p in encoder.parameters()) == parameters
    assert encoder.channels == channels
    assert encoder.feature_dim == 1280


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [(7, 8), (8, 7), (1, 2)])
def test_same_padding_puts_the_odd_pixel_at_the_right_and_bottom(
    kernel: int, size: tuple[int, int]
) -> None:
    """Each output is the dot product with the window that TensorFlow's "same" gives it."""
    conv = SamePaddedConv2d(1, 1, kernel, 2, bias=False)
    x = torch.randn(1, 1, *size, generator=torch.Generator().manual_seed(0))
    conv.requires_grad_(False)
    found = conv(x)
    outputs = [-(-length // 2) for length in size]
    before = [
        max((out - 1) * 2 + kernel - length, 0) // 2
        for out, length in zip(outputs, size, strict=True)
    ]
    assert list(found.shape[2:]) == outputs
    for row in range(outputs[0]):
        for column in range(outputs[1]):
            total = 0.0
            for i in range(kernel):
                for j in range(kernel):
                    y, z = 2 * row - before[0] + i, 2 * column - before[1] + j
                    if 0 <= y < size[0] and 0 <= z < size[1]:
                        total += float(x[0, 0, y, z] * conv.weight[0, 0, i, j])
            assert found[0, 0, row, column].item() == pytest.approx(total, abs=1e-5)
