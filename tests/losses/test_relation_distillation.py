"""Relation distillation against a naive loop."""

import math

import pytest
import torch

from reid_align.errors import InvalidInputError
from reid_align.losses import RelationDistillation


def random_features(count: int, dim: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dim, generator=generator, dtype=torch.float64)


def shares(features: torch.Tensor, anchor: int, temperature: float) -> dict[int, float]:
    """Return the softmax of the cosine similarities of an anchor to the other rows."""
    rows = [[value / math.hypot(*row) for value in row] for row in features.tolist()]
    powers = {
        other: math.exp(sum(x * y for x, y in zip(rows[anchor], row, strict=True)) / temperature)
        for other, row in enumerate(rows)
        if other != anchor
    }
    return {other: power / sum(powers.values()) for other, power in powers.items()}


@pytest.mark.parametrize("temperature", [0.05, 0.1, 1.0])
def test_equals_a_naive_loop(temperature: float) -> None:
    student, teacher = random_features(7, 5, 0), random_features(7, 3, 1)
    expected = 0.0
    for anchor in range(7):
        wanted, found = (shares(some, anchor, temperature) for some in (teacher, student))
        expected += sum(p * math.log(p / found[other]) for other, p in wanted.items()) / 7
    loss = RelationDistillation(temperature)(student, teacher)
    assert loss.item() == pytest.approx(expected, rel=1e-10)


def test_a_rotated_and_scaled_teacher_is_matched() -> None:
    student = random_features(6, 4, 2)
    rotation, _ = torch.linalg.qr(random_features(4, 4, 3))
    assert RelationDistillation()(student, 3 * student @ rotation).item() == pytest.approx(0.0)


def test_only_the_student_gets_a_gradient() -> None:
    student = random_features(6, 4, 4).requires_grad_()
    teacher = random_features(6, 4, 5).requires_grad_()
    RelationDistillation()(student, teacher).backward()
    assert teacher.grad is None
    assert student.grad is not None
    assert student.grad.abs().sum() > 0


def test_anchors_of_one_process_are_compared_with_all_images() -> None:
    student, teacher = random_features(8, 4, 6), random_features(8, 3, 7)
    loss = RelationDistillation()
    halves = [
        loss(student[at : at + 4], teacher[at : at + 4], (student, teacher), at) for at in (0, 4)
    ]
    torch.testing.assert_close(torch.stack(halves).mean(), loss(student, teacher))


def test_a_single_image_has_no_relations() -> None:
    assert RelationDistillation()(torch.ones(1, 4), torch.ones(1, 2)).item() == 0


def test_features_of_other_images_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="one row per image"):
        RelationDistillation()(torch.ones(3, 4), torch.ones(2, 4))
    with pytest.raises(InvalidInputError, match="temperature"):
        RelationDistillation(0.0)
