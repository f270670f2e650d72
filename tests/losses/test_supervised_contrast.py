"""Supervised contrastive loss against a hand computation and a naive loop."""

import math

import pytest
import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.losses import SupervisedContrast

IDS = torch.arange(4).repeat_interleave(3)
# The cameras of two images are unknown.
CAMERAS = torch.tensor([0, 1, 2, 0, 0, 1, 2, 2, 1, 0, -1, -1])


def random_features(seed: int = 0, count: int = 12, dim: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dim, generator=generator, dtype=torch.float64)


def naive(features: Tensor, ids: Tensor, temperature: float, weight: float = 1.0) -> float:
    rows = [[value / math.hypot(*row) for value in row] for row in features.tolist()]
    people, cameras, losses = ids.tolist(), CAMERAS.tolist(), []
    for a, anchor in enumerate(rows):
        powers = {
            k: math.exp(sum(x * y for x, y in zip(anchor, row, strict=True)) / temperature)
            for k, row in enumerate(rows)
            if k != a
        }
        mine = [k for k in powers if people[k] == people[a]]
        if mine:
            total = 0.0
            for k, power in powers.items():
                near = cameras[k] == cameras[a] != -1 and people[k] != people[a]
                total += weight * power if near else power
            losses.append(-sum(math.log(powers[k] / total) for k in mine) / len(mine))
    return sum(losses) / len(losses) if losses else 0.0


def test_three_features_by_hand() -> None:
    features = torch.tensor([[2.0, 0.0], [5.0, 0.0], [0.0, 1.0]])
    loss = SupervisedContrast(1.0)(features, torch.tensor([7, 7, 9]))
    # Both anchors of identity 7 have similarity 1 to each other and 0 to identity 9.
    assert loss.item() == pytest.approx(-math.log(math.e / (math.e + 1)))


@pytest.mark.parametrize("temperature", [0.05, 0.1, 2.0])
def test_equals_a_naive_loop(temperature: float) -> None:
    features = random_features()
    loss = SupervisedContrast(temperature)(features, IDS)
    assert loss.ndim == 0
    assert loss.item() == pytest.approx(naive(features, IDS, temperature), rel=1e-10)


@pytest.mark.parametrize("weight", [0.25, 1.0, 8.0])
def test_other_identities_of_the_same_camera_are_weighted(weight: float) -> None:
    features = random_features()
    loss = SupervisedContrast(0.1, weight)(features, IDS, camera_ids=CAMERAS)
    assert loss.item() == pytest.approx(naive(features, IDS, 0.1, weight), rel=1e-10)


@pytest.mark.parametrize("given", [None, CAMERAS[:5]])
def test_camera_weights_need_all_camera_ids(given: Tensor | None) -> None:
    with pytest.raises(InvalidInputError, match=r"12 images, camera ids: (none|5)"):
        SupervisedContrast(own_camera_weight=2.0)(random_features(), IDS, camera_ids=given)


def test_unequal_image_counts_and_identities_with_one_image() -> None:
    features, ids = random_features(), torch.tensor([0, 0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 5])
    loss = SupervisedContrast()(features, ids)
    assert loss.item() == pytest.approx(naive(features, ids, 0.1), rel=1e-10)


def test_the_length_of_features_does_not_matter() -> None:
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
    contrast = SupervisedContrast(own_camera_weight=3.0)
    whole = contrast(features, IDS, camera_ids=CAMERAS)
    (expected,) = torch.autograd.grad(whole, features)
    parts = [
        contrast(features[part], IDS[part], (features, IDS), int(part[0]), CAMERAS)
        for part in torch.arange(12).split(6)
    ]
    mean = torch.stack(parts).mean()
    (gradient,) = torch.autograd.grad(mean, features)
    torch.testing.assert_close(mean, whole)
    torch.testing.assert_close(gradient, expected)


def test_without_positive_pairs_loss_and_gradients_are_zero() -> None:
    features = random_features().float().requires_grad_()
    loss = SupervisedContrast()(features, torch.arange(12))
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(features.grad, torch.zeros(12, 6))


def test_autocast_does_not_merge_nearly_equal_images() -> None:
    features = torch.ones(4, 8) + 1e-3 * random_features(count=4, dim=8).float()
    ids = torch.tensor([0, 0, 1, 1])
    expected = SupervisedContrast(1e-6)(features, ids)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(SupervisedContrast(1e-6)(features, ids), expected)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize("name", ["temperature", "own_camera_weight"])
def test_an_invalid_value_is_refused(name: str, value: float) -> None:
    with pytest.raises(InvalidInputError, match=f"{name}="):
        SupervisedContrast(**{name: value})


@pytest.mark.parametrize("first", [-1, 1, 7])
def test_anchors_that_are_not_among_the_candidates_are_refused(first: int) -> None:
    features = random_features()
    with pytest.raises(InvalidInputError, match="candidates must contain the anchors"):
        SupervisedContrast()(features[:6], IDS[:6], (features, IDS), first=first)
