from pathlib import Path

import pytest
import torch
from torch import nn

from reid_align.errors import (
    InvalidInputError,
    UnknownNameError,
    WeightsIntegrityError,
)
from reid_align.models.dense_uv_network import DenseMaps, DenseUv, dense_uv
from reid_align.preprocess import Preprocess
from reid_align.weights import WeightsHeader, module_fingerprint, save_tensors


@pytest.mark.parametrize(("height", "width"), [(64, 32), (65, 47)])
def test_maps_have_the_size_of_the_images(height: int, width: int) -> None:
    with torch.inference_mode():
        maps = dense_uv()(torch.randn(2, 3, height, width))
    shapes = [(2, parts, height, width) for parts in (25, 24, 24)]
    assert [tuple(m.shape) for m in maps] == shapes


def test_it_is_small() -> None:
    with torch.device("meta"):
        estimator = DenseUv()
    trunk = sum(p.numel() for p in estimator.trunk.parameters())
    everything = sum(p.numel() for p in estimator.parameters())
    assert trunk == 11_176_512
    assert everything - trunk < 300_000


def test_an_untrained_estimator_predicts_the_chart_centers() -> None:
    torch.manual_seed(0)
    with torch.inference_mode():
        maps = dense_uv().train()(torch.randn(2, 3, 64, 32))
    for coordinates in (maps.u, maps.v):
        assert (coordinates - 0.5).abs().max() < 0.4
        assert coordinates.mean() == pytest.approx(0.5, abs=0.05)


def test_coordinates_are_those_of_the_part_of_each_pixel() -> None:
    u, v = torch.rand(2, 24, 3, 4), torch.rand(2, 24, 3, 4)
    parts = torch.randint(1, 25, (2, 3, 4), dtype=torch.uint8)
    at_u, at_v = DenseMaps(torch.zeros(2, 25, 3, 4), u, v).on(parts)
    for n in range(2):
        for y in range(3):
            for x in range(4):
                part = int(parts[n, y, x])
                assert at_u[n, y, x] == u[n, part - 1, y, x]
                assert at_v[n, y, x] == v[n, part - 1, y, x]


class Fixed(DenseUv):
    """An estimator that returns fixed maps."""

    def __init__(self, maps: DenseMaps) -> None:
        super().__init__()
        self.maps = maps

    def forward(self, images: torch.Tensor) -> DenseMaps:
        return self.maps


def test_a_prediction_has_the_likeliest_part_and_its_coordinates() -> None:
    parts, u, v = torch.zeros(1, 25, 1, 3), torch.zeros(1, 24, 1, 3), torch.zeros(1, 24, 1, 3)
    parts[0, 0, 0, 0] = parts[0, 7, 0, 1] = parts[0, 24, 0, 2] = 1
    u[0], v[0] = 0.9, 0.9  # of all parts, and of the background
    u[0, 6, 0, 1], v[0, 6, 0, 1] = 0.2, 1.4
    u[0, 23, 0, 2], v[0, 23, 0, 2] = -0.3, 1.0
    iuv = Fixed(DenseMaps(parts, u, v)).predict(torch.zeros(1, 3, 1, 3))
    assert iuv.planes.dtype == torch.uint8
    assert iuv.planes[0, :, 0].T.tolist() == [[0, 0, 0], [7, 51, 255], [24, 0, 255]]


def test_it_overfits_one_image() -> None:
    torch.manual_seed(0)
    estimator = dense_uv().train()
    image = torch.randn(2, 3, 64, 32)
    parts = torch.zeros(2, 64, 32, dtype=torch.int64)
    parts[:, 8:56, 8:16], parts[:, 8:56, 16:24] = 1, 2
    u = torch.linspace(0, 1, 64).view(1, 64, 1).expand(2, 64, 32)
    optimizer = torch.optim.Adam(estimator.parameters(), 2e-3)
    losses = []
    for _ in range(30):
        maps = estimator(image)
        at_u, _ = maps.on(parts)
        error = (at_u - u).abs()[parts > 0].mean()
        loss = nn.functional.cross_entropy(maps.parts, parts) + error
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3


def test_weights_restore_architecture_and_preprocessing(tmp_path: Path) -> None:
    torch.manual_seed(0)
    estimator, file = dense_uv(trunk="san_resnet34"), tmp_path / "dense_uv.safetensors"
    estimator.preprocess = Preprocess(64, 32)
    info = WeightsHeader(
        estimator.architecture,
        estimator.arch_args,
        estimator.preprocess,
        module_fingerprint(estimator),
    )
    save_tensors(estimator, file, info)
    again = dense_uv(weights=file)
    assert again.arch_args == {"trunk": "san_resnet34"}
    assert again.preprocess == Preprocess(64, 32)
    assert again.origin.name == str(file)
    assert not again.training
    images = torch.randn(1, 3, 64, 32)
    assert torch.equal(again.predict(images).planes, estimator.predict(images).planes)
    with pytest.raises(InvalidInputError, match="trunk='san_resnet34', not 'san_resnet18'"):
        dense_uv(weights=file, trunk="san_resnet18")
    nn.init.constant_(estimator.outputs.bias, 7.0)
    save_tensors(estimator, file, info)
    with pytest.raises(WeightsIntegrityError, match=r"dense_uv\.safetensors"):
        dense_uv(weights=file)


def test_missing_weights_and_other_trunks_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="Unknown tag of dense_uv 'other'"):
        dense_uv(pretrained="other")
    with pytest.raises(UnknownNameError, match="Unknown trunk 'osnet_x0_25'"):
        dense_uv(trunk="osnet_x0_25")


def test_every_weight_affects_the_fingerprint() -> None:
    torch.manual_seed(0)
    estimator = dense_uv()
    torch.cat(
        [m.flatten() for m in estimator(*estimator.example_inputs())]
    ).square().sum().backward()
    assert not [
        key for key, p in estimator.named_parameters() if p.grad is None or not p.grad.any()
    ]
