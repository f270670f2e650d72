"""The shares of the positions add up to the features, for every pooling and head."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reid_align import create_model
from reid_align.errors import InvalidInputError
from reid_align.explanation import position_features
from reid_align.explanation.position_grid import position_grid
from reid_align.models.encoder import Encoder
from reid_align.models.pooling import AveragePool, GemPool


def encoder(name: str, **arguments: object) -> Encoder:
    """Return an encoder with random weights; its batch norms have random statistics."""
    torch.manual_seed(0)
    made = create_model(name, **arguments).eval()
    for norm in made.embed.modules():
        if isinstance(norm, nn.BatchNorm1d):
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
            nn.init.normal_(norm.weight)
            nn.init.normal_(norm.bias)
    return made


CASES = [
    ("san_resnet18", {"head": head, "pool": pool})
    for head in ("gap", "bnneck", "fc512")
    for pool in ("avg", "gem")
] + [
    ("dsa_resnet18", {}),
    ("dsa_resnet18", {"norm_parts": True, "pool": "gem"}),
    ("dsa_resnet18", {"branches": "local", "head": "bnneck"}),
    ("san_mobilenet_v2", {"head": "bnneck"}),
    ("san_densenet121", {}),
    ("osnet_x0_25", {}),
    ("layumi_resnet50", {"last_stride": 1}),
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_the_mean_over_positions_is_the_feature_vector(name: str, arguments: dict) -> None:
    network = encoder(name, **arguments)
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        split, features = position_features(network, images), network(images)
    assert split.values.shape[:3] == (2, 4, 2)
    assert torch.equal(split.features, features)
    torch.testing.assert_close(split.values.mean((1, 2)), features, rtol=1e-4, atol=5e-5)


def test_a_position_of_average_pooling_is_its_column_of_the_map() -> None:
    network, images = encoder("san_resnet18"), torch.randn(1, 3, 64, 32)
    with torch.no_grad():
        values = position_features(network, images).values
        e4 = network.forward_maps(images)[-1]
    torch.testing.assert_close(values[0, 2, 1], e4[0, :, 2, 1])


class OwnEncoder(Encoder):
    """A user's encoder that pools its input; adds ``offset`` to the features."""

    imagenet_model = "none"

    def __init__(self, pool: nn.Module, head: nn.Module, offset: float = 0, maps: int = 4) -> None:
        super().__init__()
        self.pool, self.embed, self.offset, self.maps = pool, head, offset, maps

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        return (images,) * self.maps

    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        return self.pool(maps[-1]).flatten(1)

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        return self.embed(self.forward_pool(maps)) + self.offset


def test_gem_gives_all_of_a_channel_to_its_only_position() -> None:
    images = torch.zeros(1, 1, 2, 2)
    images[0, 0, 1, 0] = 8.0
    values = position_features(OwnEncoder(GemPool(), nn.Identity()), images).values.detach()
    # The generalized mean with p = 3 is (8³ / 4)^(1/3), and four times that is the only share.
    expected = torch.tensor([[0.0, 0.0], [4 * (8**3 / 4) ** (1 / 3), 0.0]])
    torch.testing.assert_close(values[0, :, :, 0], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (OwnEncoder(nn.AdaptiveMaxPool2d(1), nn.Identity()), "its pooling is AdaptiveMaxPool2d"),
        (OwnEncoder(AveragePool(), nn.Linear(3, 3)), "its head is Linear"),
        (OwnEncoder(AveragePool(), nn.Identity(), 1.0), "the mean over its positions is not"),
        (OwnEncoder(AveragePool(), nn.Identity(), maps=1), "the shapes of its last maps are none"),
    ],
)
def test_encoders_that_cannot_be_split_are_refused(network: Encoder, reason: str) -> None:
    with torch.no_grad(), pytest.raises(InvalidInputError, match=f"{reason}.*'occlusion'"):
        position_features(network, torch.randn(1, 3, 8, 4))


@pytest.mark.parametrize(
    "name",
    [
        "san_resnet18",
        "dsa_resnet18",
        "san_densenet121",
        "san_mobilenet_v2",
        "san_efficientnet_lite0",
        "osnet_x0_25",
        "fastreid_resnet50",
    ],
)
def test_a_position_is_centered_where_the_network_reacts(name: str) -> None:
    network = encoder(name)
    grid = position_grid(network, 16, 8)
    plain = torch.zeros(1, 3, 256, 256)
    with torch.no_grad():
        before = network.forward_maps(plain)[3]
        spotted = plain.clone()
        spotted[..., 127:130, 111:114] = 3.0
        change = (network.forward_maps(spotted)[3] - before).abs().sum(1)[0].double().numpy()
    indices = np.arange(16)
    row = (change.sum(1) * indices).sum() / change.sum()
    column = (change.sum(0) * indices).sum() / change.sum()
    # Cell centers, 7.5 pixels, are wrong for a ResNet by half a cell.
    assert (16 * row + grid.first, 16 * column + grid.first) == pytest.approx((128, 112), abs=4)


def test_boxes_and_interpolation_follow_the_grid() -> None:
    grid = position_grid(encoder("san_resnet18"), 16, 8)
    assert grid.box((0, 0), (256, 128)) == (0, 0, 8, 8)
    assert grid.box((3, 2), (256, 128)) == (24, 40, 40, 56)
    assert grid.box((3, 2), (512, 64)) == (12, 81, 20, 113)
    assert grid.box((15, 7), (2, 1)) == (0, 1, 1, 2)
    values = np.zeros((16, 8))
    values[3, 2] = 1.0
    spread = grid.spread(values)
    assert spread.shape == (256, 128)
    assert np.unravel_index(spread.argmax(), spread.shape) == (48, 32)
    assert spread[48, 40] == 0.5
    assert grid.spread(np.full((16, 8), 2.0)) == pytest.approx(np.full((256, 128), 2.0))
