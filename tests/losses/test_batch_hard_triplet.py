"""Batch-hard triplet loss against a hand computation and a naive loop."""

import math

import pytest
import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.losses import BatchHardTriplet

IDS = torch.arange(4).repeat_interleave(4)


def random_features(seed: int = 0, count: int = 16, dim: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dim, generator=generator, dtype=torch.float64)


def naive(features: Tensor, ids: Tensor, margin: float) -> float:
    rows, people = features.tolist(), ids.tolist()
    hinges = []
    for row, person in zip(rows, people, strict=True):
        pairs = list(zip(rows, people, strict=True))
        farthest = max(math.dist(row, other) for other, owner in pairs if owner == person)
        nearest = min(math.dist(row, other) for other, owner in pairs if owner != person)
        hinges.append(max(farthest - nearest + margin, 0.0))
    return sum(hinges) / len(hinges)


def test_four_points_on_a_line_by_hand() -> None:
    features = torch.tensor([[0.0], [1.0], [1.5], [4.0]])
    loss = BatchHardTriplet()(features, torch.tensor([7, 7, 9, 9]))
    # Anchors: 1 - 1.5, 1 - 0.5, 2.5 - 0.5 and 2.5 - 3, each + 0.3.
    assert loss.item() == pytest.approx((0 + 0.8 + 2.3 + 0) / 4)


@pytest.mark.parametrize("margin", [0.0, 0.3, 5.0])
@pytest.mark.parametrize("scale", [1.0, 40.0])
def test_equals_a_naive_loop(margin: float, scale: float) -> None:
    features = scale * random_features()
    loss = BatchHardTriplet(margin)(features, IDS)
    assert loss.ndim == 0
    assert loss.item() == pytest.approx(naive(features, IDS, margin), rel=1e-12)


def test_the_order_of_the_batch_does_not_matter() -> None:
    features = random_features()
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    ordered = BatchHardTriplet()(features, IDS)
    torch.testing.assert_close(BatchHardTriplet()(features[order], IDS[order]), ordered)


def test_gradient_is_that_of_finite_differences() -> None:
    features = random_features(count=6, dim=3).requires_grad_()
    ids = torch.tensor([0, 0, 1, 1, 2, 2])
    assert torch.autograd.gradcheck(lambda batch: BatchHardTriplet(2.0)(batch, ids), features)


def test_parts_of_a_gathered_batch_average_to_the_whole() -> None:
    features = random_features().requires_grad_()
    whole = BatchHardTriplet()(features, IDS)
    (expected,) = torch.autograd.grad(whole, features)
    parts = [
        BatchHardTriplet()(features[part], IDS[part], (features, IDS))
        for part in torch.arange(16).split(8)
    ]
    mean = torch.stack(parts).mean()
    (gradient,) = torch.autograd.grad(mean, features)
    torch.testing.assert_close(mean, whole)
    torch.testing.assert_close(gradient, expected)


def test_anchors_without_a_negative_or_a_positive_are_ignored() -> None:
    features = torch.tensor([[0.0], [1.0], [5.0]], requires_grad=True)
    candidates = (torch.tensor([[0.0], [2.0], [3.0]]), torch.tensor([1, 1, 2]))
    loss = BatchHardTriplet(4.0)(features, torch.tensor([1, 8, 2]), candidates)
    # Identity 8 is not among the candidates; the two others have 2 - 3 + 4 each.
    assert loss.item() == pytest.approx(3.0)


@pytest.mark.parametrize("count", [1, 4])
def test_a_batch_of_one_identity_gives_zero_and_zero_gradients(count: int) -> None:
    features = random_features(count=count).requires_grad_()
    loss = BatchHardTriplet()(features, torch.zeros(count, dtype=torch.long))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0.0
    assert features.grad is not None
    assert not features.grad.any()


def test_equal_features_give_the_margin_and_finite_gradients() -> None:
    features = torch.ones(4, 3, requires_grad=True)
    loss = BatchHardTriplet()(features, torch.tensor([0, 0, 1, 1]))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == pytest.approx(0.3)
    assert features.grad is not None
    assert features.grad.isfinite().all()


def test_nearly_equal_images_are_distinguished() -> None:
    """|a|² + |b|² - 2ab in float32 has an error of 0.1 here and would fail."""
    features = torch.full((4, 2048), 32.0)
    features[:, 0] += torch.tensor([0.0, 1.0, 2.0, 4.0]) / 64
    loss = BatchHardTriplet(0.1)(features, torch.tensor([0, 0, 1, 1]))
    hinges = [(1 - 2) / 64, (1 - 1) / 64, (2 - 1) / 64, (2 - 3) / 64]
    assert loss.item() == pytest.approx(sum(hinges) / 4 + 0.1, abs=1e-6)


def test_half_precision_is_computed_in_float32() -> None:
    features = (300 * random_features()).half()
    loss = BatchHardTriplet()(features, IDS)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(naive(features, IDS, 0.3), rel=1e-5)


@pytest.mark.parametrize("margin", [-0.1, math.nan, math.inf])
def test_refuses_a_margin(margin: float) -> None:
    with pytest.raises(InvalidInputError, match="margin"):
        BatchHardTriplet(margin)


@pytest.mark.parametrize(
    ("features", "ids", "message"),
    [
        (torch.ones(2, 3, 1, 1), torch.ones(2).long(), r"expected floating point \(N, D\)"),
        (torch.ones(2, 3).long(), torch.ones(2).long(), "torch.int64: expected floating point"),
        (torch.ones(2, 3), torch.ones(2), "torch.float32 for 2 features"),
        (torch.ones(2, 3), torch.ones(3).long(), r"shape \(3,\)"),
        (torch.ones(0, 3), torch.ones(0).long(), "batch is empty"),
    ],
)
def test_refuses_a_batch(features: Tensor, ids: Tensor, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        BatchHardTriplet()(features, ids)
    with pytest.raises(InvalidInputError, match=message):
        BatchHardTriplet()(torch.ones(2, 3), torch.ones(2).long(), (features, ids))


def test_refuses_candidates_of_another_length() -> None:
    with pytest.raises(InvalidInputError, match="length 3 and candidates of length 5"):
        BatchHardTriplet()(
            torch.ones(2, 3), torch.ones(2).long(), (torch.ones(2, 5), torch.ones(2).long())
        )
