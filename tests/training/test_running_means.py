import math

import pytest
import torch

from reid_align.errors import NotFiniteError
from reid_align.training import ProcessGroup
from reid_align.training.reporting.running_means import RunningMeans, RunningTotal

ALONE = ProcessGroup()


def filled(values: list[float], name: str = "objective/reid/main", **kind: bool) -> RunningMeans:
    means = RunningMeans({}, infinite_gradients=kind.get("infinite_gradients", False))
    for step, value in enumerate(values):
        means.add(step, {name: torch.tensor(value)})
    return means


def test_a_mean_is_over_the_steps_that_have_the_value() -> None:
    means = filled([1.0, 2.0, 6.0])
    means.add(3, {"term/synthetic/texture": torch.tensor(5.0)})
    means.synchronize(ALONE)
    assert means.pop() == {"objective/reid/main": 3.0, "term/synthetic/texture": 5.0}
    assert means.pop() == {}


def test_totals_from_a_checkpoint_count() -> None:
    means = RunningMeans({"objective/reid/main": RunningTotal(5.0, 2)}, infinite_gradients=False)
    means.add(2, {"objective/reid/main": torch.tensor(4.0)})
    means.synchronize(ALONE)
    means.synchronize(ALONE)
    assert means.totals == {"objective/reid/main": RunningTotal(9.0, 3)}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_first_value_that_is_not_finite_is_named(value: float) -> None:
    with pytest.raises(NotFiniteError, match=rf"Step 2: objective/reid/main is {value}\."):
        filled([1.0, 2.0, value, math.nan]).synchronize(ALONE)


def test_infinite_gradient_norms_are_skipped_only_with_float16() -> None:
    name = "gradient/reid/main"
    with pytest.raises(NotFiniteError, match="gradient/reid/main is inf"):
        filled([1.0, math.inf], name).synchronize(ALONE)
    means = filled([1.0, math.inf, 3.0], name, infinite_gradients=True)
    means.synchronize(ALONE)
    assert means.pop() == {name: 2.0}
    with pytest.raises(NotFiniteError):
        filled([math.inf], "term/reid/triplet", infinite_gradients=True).synchronize(ALONE)
