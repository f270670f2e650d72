import math

import pytest
import torch

from reid_align.errors import NotFiniteError
from reid_align.training import ProcessGroup
from reid_align.training.window import Total, Window

ALONE = ProcessGroup()


def filled(values: list[float], name: str = "objective/reid/main", **kind: bool) -> Window:
    window = Window({}, infinite_gradients=kind.get("infinite_gradients", False))
    for step, value in enumerate(values):
        window.add(step, {name: torch.tensor(value)})
    return window


def test_means_are_over_the_steps_that_have_a_value() -> None:
    window = filled([1.0, 2.0, 6.0])
    window.add(3, {"term/synthetic/texture": torch.tensor(5.0)})
    window.settle(ALONE)
    assert window.means() == {"objective/reid/main": 3.0, "term/synthetic/texture": 5.0}
    assert window.means() == {}


def test_values_that_waited_in_a_checkpoint_count() -> None:
    window = Window({"objective/reid/main": Total(5.0, 2)}, infinite_gradients=False)
    window.add(2, {"objective/reid/main": torch.tensor(4.0)})
    window.settle(ALONE)
    window.settle(ALONE)
    assert window.totals == {"objective/reid/main": Total(9.0, 3)}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_first_step_that_is_not_finite_is_named(value: float) -> None:
    with pytest.raises(NotFiniteError, match=rf"Step 2: objective/reid/main is {value}\."):
        filled([1.0, 2.0, value, math.nan]).settle(ALONE)


def test_infinite_gradients_pass_only_where_steps_are_skipped() -> None:
    name = "gradient/reid/main"
    with pytest.raises(NotFiniteError, match="gradient/reid/main is inf"):
        filled([1.0, math.inf], name).settle(ALONE)
    window = filled([1.0, math.inf, 3.0], name, infinite_gradients=True)
    window.settle(ALONE)
    assert window.means() == {name: 2.0}
    with pytest.raises(NotFiniteError):
        filled([math.inf], "term/reid/triplet", infinite_gradients=True).settle(ALONE)
