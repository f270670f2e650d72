import math

import pytest

from reid_align.errors import InvalidInputError
from reid_align.training import ScheduleConfig

MILESTONES = (60, 100, 140, 180, 220, 260, 300)
STEPS = ScheduleConfig("step", "linear", 20, 8e-6, MILESTONES)


@pytest.mark.parametrize(
    ("epoch", "rate"), [(0, 8e-6), (19, 7.604e-4), (20, 8e-4), (60, 4e-4), (300, 6.25e-6)]
)
def test_the_schedule_of_dsa_reid(epoch: int, rate: float) -> None:
    assert STEPS.learning_rate(8e-4, epoch, 320) == pytest.approx(rate)


def test_the_geometric_warm_up_of_the_official_san_code() -> None:
    schedule = ScheduleConfig("step", "geometric", 20, 8e-6, MILESTONES)
    for epoch in range(20):
        expected = 8e-6 * 1.259**epoch
        assert schedule.learning_rate(8e-4, epoch, 320) == pytest.approx(expected, rel=2e-3)
    assert schedule.learning_rate(8e-4, 19, 320) == pytest.approx(6.36e-4, rel=1e-3)
    assert schedule.learning_rate(8e-4, 20, 320) == 8e-4


def test_steps_equal_a_loop_over_the_epochs() -> None:
    rate = 8e-4
    for epoch in range(20, 320):
        if epoch in MILESTONES:
            rate /= 2
        assert STEPS.learning_rate(8e-4, epoch, 320) == pytest.approx(rate)


def test_a_cosine_decays_from_the_full_rate_to_the_final_one() -> None:
    schedule = ScheduleConfig("cosine", "linear", 10, final=1e-6)
    assert schedule.learning_rate(2e-4, 10, 110) == pytest.approx(2e-4)
    assert schedule.learning_rate(2e-4, 60, 110) == pytest.approx((2e-4 + 1e-6) / 2)
    assert schedule.learning_rate(2e-4, 110, 110) == pytest.approx(1e-6)
    quarter = 1e-6 + (2e-4 - 1e-6) * (1 + math.sqrt(0.5)) / 2
    assert schedule.learning_rate(2e-4, 35, 110) == pytest.approx(quarter)


def test_the_rate_changes_within_an_epoch_only_with_every_step() -> None:
    assert STEPS.learning_rate(8e-4, 10.5, 320) == STEPS.learning_rate(8e-4, 10, 320)
    smooth = ScheduleConfig("constant", "linear", 2, 0.0, every_step=True)
    assert smooth.learning_rate(1.0, 0.5, 9) == 0.25


def test_the_default_rate_is_constant() -> None:
    assert {ScheduleConfig().learning_rate(0.1, epoch, 9) for epoch in range(9)} == {0.1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "poly"}, "choose one of constant, step, cosine"),
        ({"warmup": "slow", "warmup_epochs": 1}, "choose one of none, linear, geometric"),
        ({"warmup": "linear"}, "set both"),
        ({"warmup_epochs": 3}, "set both"),
        ({"warmup": "linear", "warmup_epochs": -1}, "at least 0"),
        ({"warmup": "linear", "warmup_epochs": 2, "warmup_from": -1.0}, "at least 0"),
        ({"warmup": "geometric", "warmup_epochs": 2}, "cannot start at 0"),
        ({"kind": "cosine", "final": math.nan}, "at least 0"),
        ({"kind": "step"}, "kind='step' needs milestones"),
        ({"kind": "cosine", "milestones": (3,)}, "other kinds have none"),
        ({"kind": "step", "milestones": (4, 4)}, "increasing"),
        ({"kind": "step", "milestones": (0, 4)}, "increasing"),
        ({"kind": "step", "milestones": (4,), "factor": 0.0}, "above 0"),
    ],
)
def test_an_invalid_schedule_is_an_error(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        ScheduleConfig(**changes)  # type: ignore[arg-type]
