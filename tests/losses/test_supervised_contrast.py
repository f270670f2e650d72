"""The supervised contrastive loss against a hand computation and a naive loop."""

import math

import pytest
import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.losses import SupervisedContrast

IDS = torch.arange(4).repeat_interleave(3)


def random_features(seed: int = 0, count: int = 12, dim: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dim, generator=generator, dtype=torch.float64)


def naive(features: Tensor, ids: Tensor, temperature: float) -> float:
    rows = [[value / math.hypot(*row) for value in row] for row in features.tolist()]
    people, losses = ids.tolist(), []
    for a, anchor in enumerate(rows):
        powers = {
            k: math.exp(sum(x * y for x, y in zip(anchor, row, strict=True)) / temperature)
            for k, row in enumerate(rows)
            if k != a
        }
        mine = [k for k in powers if people[k] == people[a]]
        if mine:
            total = sum(powers.values())
            losses.append(-sum(math.log(powers[k] / total) for k in mine) / len(mine))
    return sum(losses) / len(losses) if losses else 0.0


def test_three_features_by_hand() -> None:
    features = torch.tensor([[2.0, 0.0], [5.0, 0.0], [0.0, 1.0]])
    loss = SupervisedContrast(1.0)(features, torch.tensor([7, 7, 9]))
    # Both anchors of person 7 see the other at similarity 1 and person 9 at 0.
    assert loss.item() == pytest.approx(-math.log(math.e / (math.e + 1)))


@pytest.mark.parametrize("temperature", [0.05, 0.1, 2.0])
def test_equals_a_naive_loop(temperature: float) -> None:
    features = random_features()
    loss = SupervisedContrast(temperature)(features, IDS)
    assert loss.ndim == 0
    assert loss.item() == pytest.approx(naive(features, IDS, temperature), rel=1e-10)


def test_unequal_numbers_of_images_and_people_seen_once() -> None:
    features, ids = random_features(), torch.tensor([0, 0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 5])
    loss = SupervisedContrast()(features, ids)
    assert loss.item() == pytest.approx(naive(features, ids, 0.1), rel=1e-10)


def test_length_does_not_matter() -> None:
    features = random_features()
    scaled = features * torch.linspace(0.1, 9, 12, dtype=torch.float64)[:, None]
    loss = SupervisedContrast()
    torch.testing.assert_close(loss(scaled, IDS), loss(features, IDS))


def test_gradient_is_that_of_finite_differences() -> None:
    features = random_features(count=6, dim=3).requires_grad_()
    ids = torch.tensor([0, 0, 1, 1, 2, 3])
    assert torch.autograd.gradcheck(lambda batch: SupervisedContrast(0.5)(batch, ids), features)


def test_parts_of_a_gathered_batch_average_to_the_whole() -> None:
    features = random_features().requires_grad_()
    whole = SupervisedContrast()(features, IDS)
    (expected,) = torch.autograd.grad(whole, features)
    parts = [
        SupervisedContrast()(features[part], IDS[part], (features, IDS), first=int(part[0]))
        for part in torch.arange(12).split(6)
    ]
    mean = torch.stack(parts).mean()
    (gradient,) = torch.autograd.grad(mean, features)
    torch.testing.assert_close(mean, whole)
    torch.testing.assert_close(gradient, expected)


def test_without_a_second_image_of_anybody_the_loss_is_zero_and_teaches_nothing() -> None:
    features = random_features().float().requires_grad_()
    loss = SupervisedContrast()(features, torch.arange(12))
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(features.grad, torch.zeros(12, 6))


def test_under_autocast_near_equal_images_stay_apart() -> None:
    features = torch.ones(4, 8) + 1e-3 * random_features(count=4, dim=8).float()
    ids = torch.tensor([0, 0, 1, 1])
    expected = SupervisedContrast(1e-6)(features, ids)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(SupervisedContrast(1e-6)(features, ids), expected)


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
def test_a_temperature_that_is_none_is_refused(temperature: float) -> None:
    with pytest.raises(InvalidInputError, match="temperature="):
        SupervisedContrast(temperature)


@pytest.mark.parametrize("first", [-1, 1, 7])
def test_anchors_that_are_not_among_the_candidates_are_refused(first: int) -> None:
    features = random_features()
    with pytest.raises(InvalidInputError, match="must be among the candidates"):
        SupervisedContrast()(features[:6], IDS[:6], (features, IDS), first=first)
