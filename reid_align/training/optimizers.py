"""From a configuration to torch's optimizers, with groups of parameters of their own rates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import nn

from reid_align.checks import at_least_zero, below_one, one_of, positive
from reid_align.errors import InvalidInputError
from reid_align.training.schedule import CONSTANT, ScheduleConfig

OptimizerKind = Literal["adam", "amsgrad", "adamw", "sgd"]


@dataclass(frozen=True)
class OptimizerConfig:
    """One optimizer.

    Attributes:
        lr: the learning rate after the warm-up.
        kind: "amsgrad" is Adam that keeps the largest second moment.
        betas: of the Adam family.
        momentum: of "sgd".
        weight_decay: as the kind has it: decoupled in "adamw", added to the gradient in the others.
        decay_norms: whether it also decays biases and the weights of normalizations, which are
            the parameters with one dimension.
        multipliers: start of parameters' names, as the task names them ("encoder.layer4."), to the
            factor of their learning rate. The longest that fits counts.
        schedule: the course of the learning rate.

    Raises:
        InvalidInputError: a value that no optimizer can have.
    """

    lr: float
    kind: OptimizerKind = "adam"
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.9
    weight_decay: float = 0.0
    decay_norms: bool = True
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
    """Build an optimizer, with one group for each learning rate and weight decay there is.

    Args:
        config: which one.
        parameters: what it moves.
        names: of at least these parameters.

    Raises:
        InvalidInputError: there are no parameters, or a multiplier fits none of them.
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
        raise InvalidInputError("An optimizer needs parameters that require a gradient, got none.")
    if unused := sorted(set(config.multipliers) - used):
        raise InvalidInputError(
            f"multipliers: no parameter that is trained starts with {unused[0]!r}. Names look like "
            f"{next(iter(names.values()))!r}."
        )
    return _construct(
        config,
        [
            {"params": members, "multiplier": factor, "weight_decay": decay}
            for (factor, decay), members in groups.items()
        ],
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every group of an optimizer its multiple of a learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["multiplier"]


def _construct(config: OptimizerConfig, groups: list[dict[str, object]]) -> torch.optim.Optimizer:
    if config.kind == "sgd":
        # Not fused: that fails where a parameter has its first gradient later than others.
        return torch.optim.SGD(groups, lr=config.lr, momentum=config.momentum)
    # Fused: one pass over the memory in place of a dozen, which takes less than half the time.
    if config.kind == "adamw":
        return torch.optim.AdamW(groups, lr=config.lr, betas=config.betas, fused=True)
    amsgrad = config.kind == "amsgrad"
    return torch.optim.Adam(groups, lr=config.lr, betas=config.betas, amsgrad=amsgrad, fused=True)
