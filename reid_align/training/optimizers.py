"""Optimizer settings, with learning-rate multipliers per parameter group."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import nn

from reid_align.checks import at_least_zero, below_one, one_of, positive
from reid_align.errors import InvalidInputError
from reid_align.training.lr_schedule import CONSTANT, ScheduleConfig

OptimizerKind = Literal["adam", "amsgrad", "adamw", "sgd"]


@dataclass(frozen=True)
class OptimizerConfig:
    """Settings of one optimizer.

    Attributes:
        lr: learning rate after the warm-up.
        kind: "adam", "amsgrad" (Adam with the maximum of past second moments), "adamw" or "sgd".
        betas: for the Adam variants.
        momentum: for "sgd".
        weight_decay: decoupled in "adamw", added to the gradient in the others.
        decay_norms: also decay parameters with one dimension: biases and normalization weights.
        state_per_stream: keep separate moments or momentum for each stream of batches. With shared
            moments, the gradients of one stream change the step sizes of the others.
        multipliers: factor of the learning rate, by prefix of the parameter's name in the task
            ("encoder.layer4."). The longest matching prefix counts.
        schedule: learning-rate schedule.

    Raises:
        InvalidInputError: a value is out of range.
    """

    lr: float
    kind: OptimizerKind = "adam"
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.9
    weight_decay: float = 0.0
    decay_norms: bool = True
    state_per_stream: bool = False
    multipliers: Mapping[str, float] = field(default_factory=dict, hash=False)
    schedule: ScheduleConfig = CONSTANT

    def __post_init__(self) -> None:
        one_of("kind of optimizer", self.kind, get_args(OptimizerKind))
        positive("lr", self.lr)
        below_one("momentum", self.momentum)
        at_least_zero("weight_decay", self.weight_decay)
        for beta in self.betas:
            below_one("betas", beta)
        for prefix, factor in self.multipliers.items():
            at_least_zero(f"multiplier of {prefix!r}", factor)


def build_optimizer(
    config: OptimizerConfig, parameters: Iterable[nn.Parameter], names: Mapping[nn.Parameter, str]
) -> torch.optim.Optimizer:
    """Build an optimizer with one parameter group per learning rate and weight decay.

    Args:
        config: settings.
        parameters: parameters to optimize.
        names: names of at least these parameters.

    Raises:
        InvalidInputError: there are no parameters, or a multiplier matches none of them.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = defaultdict(list)
    used = set()
    for parameter in parameters:
        prefix = max(filter(names[parameter].startswith, config.multipliers), key=len, default="")
        used.add(prefix)
        decays = config.decay_norms or parameter.ndim > 1
        factor = config.multipliers.get(prefix, 1.0)
        groups[factor, config.weight_decay if decays else 0.0].append(parameter)
    if not groups:
        raise InvalidInputError("An optimizer needs parameters that require a gradient. Got none.")
    if unused := sorted(set(config.multipliers) - used):
        raise InvalidInputError(
            f"multipliers: no trained parameter has a name that starts with {unused[0]!r}. Example "
            f"of a name: {next(iter(names.values()))!r}."
        )
    return _construct(
        config,
        [
            {"params": members, "multiplier": factor, "weight_decay": decay}
            for (factor, decay), members in groups.items()
        ],
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of each parameter group to ``rate`` times its multiplier."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["multiplier"]


def _construct(config: OptimizerConfig, groups: list[dict[str, object]]) -> torch.optim.Optimizer:
    if config.kind == "sgd":
        # Not fused: fused SGD fails if parameters get their first gradient at different steps.
        return torch.optim.SGD(groups, lr=config.lr, momentum=config.momentum)
    # Fused: one pass over the memory, which takes less than half the time.
    if config.kind == "adamw":
        return torch.optim.AdamW(groups, lr=config.lr, betas=config.betas, fused=True)
    amsgrad = config.kind == "amsgrad"
    return torch.optim.Adam(groups, lr=config.lr, betas=config.betas, amsgrad=amsgrad, fused=True)
