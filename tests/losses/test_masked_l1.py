"""Masked L1 loss against torch's L1 loss and a naive loop."""

import math

import pytest
import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.losses import masked_l1


def textures(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64)


def test_without_a_mask_it_is_torchs_l1_loss() -> None:
    expected = torch.nn.functional.l1_loss(textures(0), textures(1))
    torch.testing.assert_close(masked_l1(textures(0), textures(1)), expected)


@pytest.mark.parametrize("shape", [(4, 5), (2, 1, 4, 5)])
def test_equals_a_naive_loop(shape: tuple[int, ...]) -> None:
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(2)) < 0.4
    everywhere = mask.expand(2, 1, 4, 5)
    errors = []
    for n in range(2):
        for c in range(3):
            for y in range(4):
                for x in range(5):
                    if everywhere[n, 0, y, x]:
                        errors.append(abs(textures(0)[n, c, y, x] - textures(1)[n, c, y, x]).item())
    loss = masked_l1(textures(0), textures(1), mask)
    assert loss.ndim == 0
    assert loss.item() == pytest.approx(sum(errors) / len(errors), rel=1e-12)


def test_gradient_is_that_of_finite_differences() -> None:
    prediction, target = textures(0).requires_grad_(), textures(1)
    mask = torch.arange(20).view(4, 5) % 3 == 0
    assert torch.autograd.gradcheck(lambda p: masked_l1(p, target, mask), prediction)


def test_elements_outside_the_mask_have_no_effect() -> None:
    prediction, target = textures(0).requires_grad_(), textures(1)
    mask = torch.zeros(4, 5, dtype=torch.bool)
    mask[1:3, 2] = True
    target[..., 0, 0] = math.nan
    loss = masked_l1(prediction, target, mask)
    loss.backward()  # type: ignore[no-untyped-call]
    inside = (prediction - target).abs()[..., 1:3, 2].mean()
    assert loss.item() == pytest.approx(inside.item())
    assert prediction.grad is not None
    assert not prediction.grad[..., ~mask].any()
    assert prediction.grad[..., mask].all()


def test_an_empty_mask_gives_zero_and_zero_gradients() -> None:
    prediction = textures(0).requires_grad_()
    loss = masked_l1(prediction, textures(1), torch.zeros(4, 5, dtype=torch.bool))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0.0
    assert prediction.grad is not None
    assert not prediction.grad.any()


def test_half_precision_is_computed_in_float32() -> None:
    prediction, target = textures(0).half(), textures(1).half()
    loss = masked_l1(prediction, target)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx((prediction.double() - target.double()).abs().mean().item())


@pytest.mark.parametrize("shape", [(2, 3, 4, 4), (2, 1, 4, 5), (3, 4, 5)])
def test_refuses_shapes_that_differ(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError, match="and target of shape"):
        masked_l1(torch.zeros(shape), torch.zeros(2, 3, 4, 5))


def test_refuses_other_shapes() -> None:
    with pytest.raises(InvalidInputError, match="N, C, H, W"):
        masked_l1(torch.zeros(3, 4, 5), torch.zeros(3, 4, 5))


@pytest.mark.parametrize(
    "mask",
    [
        torch.ones(4, 5),
        torch.ones(5, 4, dtype=torch.bool),
        torch.ones(2, 4, 5, dtype=torch.bool),
        torch.ones(2, 3, 4, 5, dtype=torch.bool),
        torch.ones(1, 1, 4, 5, dtype=torch.bool),
    ],
)
def test_refuses_a_mask(mask: Tensor) -> None:
    with pytest.raises(InvalidInputError, match=r"expected bool, \(4, 5\) or \(2, 1, 4, 5\)"):
        masked_l1(textures(0), textures(1), mask)
