"""Layers that an encoder does not train."""

import pytest
import torch

from reid_align import create_model
from reid_align.errors import InvalidInputError


@pytest.mark.parametrize(
    "name", ["san_resnet18", "dsa_resnet18", "san_densenet121", "san_mobilenet_v2"]
)
@pytest.mark.parametrize("stage_map", [1, 2, 3])
def test_frozen_maps_stay_the_same_and_the_others_change(name: str, stage_map: int) -> None:
    torch.manual_seed(0)
    encoder = create_model(name).train()
    encoder.freeze(stage_map)
    images = torch.randn(4, 3, 64, 32)
    before = [stage_map.detach().clone() for stage_map in encoder.forward_maps(images)]
    optimizer = torch.optim.SGD([p for p in encoder.parameters() if p.requires_grad], lr=0.1)
    encoder.train()
    encoder(images).square().sum().backward()
    optimizer.step()
    after = encoder.forward_maps(images)
    same = [torch.equal(x, y) for x, y in zip(before, after, strict=True)]
    assert same[:4] == [True] * stage_map + [False] * (4 - stage_map)


def test_zero_freezes_nothing() -> None:
    encoder = create_model("san_resnet18").train()
    encoder.freeze(0)
    assert all(module.training for module in encoder.modules())
    assert all(parameter.requires_grad for parameter in encoder.parameters())


@pytest.mark.parametrize("stage_map", [-1, 4])
def test_other_maps_are_refused(stage_map: int) -> None:
    with pytest.raises(InvalidInputError, match="choose 0, 1, 2 or 3"):
        create_model("san_resnet18").freeze(stage_map)
