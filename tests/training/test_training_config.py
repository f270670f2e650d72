import math

import pytest
from toy_training import config

from reid_align.errors import InvalidInputError
from reid_align.training import OptimizerConfig


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs=0: give at least 1"),
        ({"steps_per_epoch": 0}, "steps_per_epoch=0"),
        ({"accumulate": 0}, "accumulate=0"),
        ({"evaluate_every": 0}, "evaluate_every=0"),
        ({"checkpoint_every": -1}, "checkpoint_every=-1"),
        ({"checkpoint_steps": 0}, "checkpoint_steps=0"),
        ({"keep": 0}, "keep=0"),
        ({"log_every": 0}, "log_every=0"),
        ({"clip": 0.0}, "clip=0.0: give a finite number above 0"),
        ({"clip": math.inf}, "clip=inf"),
        ({"ema": 1.0}, "ema=1.0: give a number from 0 to below 1"),
        ({"ema": -0.1}, "ema=-0.1"),
        ({"precision": "int8"}, "choose one of float32, bfloat16, float16"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 2**63}, "seed="),
        ({"alternate": ()}, r"alternate=\(\).*at least one entry"),
        ({"optimizers": {}}, r"optimizers=\[\].*at least one entry"),
    ],
)
def test_an_invalid_value_is_an_error(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        config(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "lion"}, "choose one of adam, amsgrad, adamw, sgd"),
        ({"lr": 0.0}, "lr=0.0"),
        ({"lr": math.nan}, "lr=nan"),
        ({"weight_decay": -1.0}, "weight_decay=-1.0"),
        ({"momentum": 1.0}, "momentum=1.0"),
        ({"betas": (0.9, 1.0)}, "betas=1.0"),
        ({"multipliers": {"encoder.": -1.0}}, "multiplier of 'encoder.'=-1.0"),
    ],
)
def test_an_invalid_optimizer_setting_is_an_error(changes: dict[str, object], message: str) -> None:
    given = {"lr": 1e-3} | changes
    with pytest.raises(InvalidInputError, match=message):
        OptimizerConfig(**given)  # type: ignore[arg-type]
