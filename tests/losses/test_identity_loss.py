import math

import pytest
import torch

from reid_align.errors import InvalidInputError
from reid_align.losses import identity_loss


def test_equals_the_sum_over_smoothed_targets() -> None:
    logits = torch.randn(5, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = [3, 0, 6, 6, 2]
    total = 0.0
    for row, label in zip(logits.tolist(), labels, strict=True):
        log_sum = math.log(sum(math.exp(value) for value in row))
        for identity, value in enumerate(row):
            target = 0.1 / 7 + (0.9 if identity == label else 0)
            total -= target * (value - log_sum)
    loss = identity_loss()(logits, torch.tensor(labels))
    assert loss.item() == pytest.approx(total / 5, rel=1e-12)


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, math.nan])
def test_smoothing_outside_zero_to_one_is_refused(smoothing: float) -> None:
    with pytest.raises(InvalidInputError, match=f"label_smoothing={smoothing}: give a number"):
        identity_loss(smoothing)


def test_without_smoothing_it_is_the_negative_log_likelihood() -> None:
    logits = torch.tensor([[0.0, math.log(3)]])
    assert identity_loss(0.0)(logits, torch.tensor([1])).item() == pytest.approx(math.log(4 / 3))
