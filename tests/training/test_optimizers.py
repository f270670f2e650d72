import pytest
import torch
from torch import nn

from reid_align.errors import InvalidInputError
from reid_align.training.optimizers import (
    OptimizerConfig,
    OptimizerKind,
    build_optimizer,
    set_learning_rate,
)


def network() -> nn.Module:
    layers = {"trunk": nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)), "head": nn.Linear(3, 2)}
    return nn.ModuleDict(layers)


def build(config: OptimizerConfig, module: nn.Module) -> dict[str, dict[str, float]]:
    """Parameter group of each parameter, by name."""
    names = {parameter: name for name, parameter in module.named_parameters()}
    optimizer = build_optimizer(config, module.parameters(), names)
    set_learning_rate(optimizer, 0.5)
    return {names[member]: group for group in optimizer.param_groups for member in group["params"]}


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("adam", torch.optim.Adam),
        ("amsgrad", torch.optim.Adam),
        ("adamw", torch.optim.AdamW),
        ("sgd", torch.optim.SGD),
    ],
)
def test_each_kind_is_the_torch_optimizer(kind: str, made: type) -> None:
    config = OptimizerConfig(0.1, kind, betas=(0.5, 0.9), momentum=0.7)  # type: ignore[arg-type]
    optimizer = build_optimizer(config, [nn.Parameter(torch.ones(2, 2))], Names())
    assert type(optimizer) is made
    defaults = optimizer.defaults
    assert defaults.get("amsgrad", False) == (kind == "amsgrad")
    assert defaults.get("momentum", 0.7) == 0.7
    assert defaults.get("betas", (0.5, 0.9)) == (0.5, 0.9)


class Names(dict[nn.Parameter, str]):
    def __missing__(self, key: nn.Parameter) -> str:
        return "weight"


PLAIN = {
    "adam": lambda moved: torch.optim.Adam(moved, 0.1, (0.5, 0.9), foreach=False),
    "amsgrad": lambda moved: torch.optim.Adam(moved, 0.1, (0.5, 0.9), foreach=False, amsgrad=True),
    "adamw": lambda moved: torch.optim.AdamW(moved, 0.1, (0.5, 0.9), 1e-8, 0.0, foreach=False),
    "sgd": lambda moved: torch.optim.SGD(moved, 0.1, 0.7, foreach=False),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_each_kind_equals_the_loop_implementation_of_torch(kind: OptimizerKind) -> None:
    moved, expected = (nn.Parameter(torch.linspace(-1, 1, 99).view(11, 9)) for _ in range(2))
    config = OptimizerConfig(0.1, kind, betas=(0.5, 0.9), momentum=0.7)
    optimizers = build_optimizer(config, [moved], Names()), PLAIN[kind]([expected])
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        gradient = torch.randn(11, 9, generator=generator)
        for parameter, optimizer in zip((moved, expected), optimizers, strict=True):
            parameter.grad = gradient.clone()
            optimizer.step()
    # The order of operations may differ: tolerate rounding of numbers near 1.
    torch.testing.assert_close(moved, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", PLAIN)
def test_parameters_may_get_their_first_gradient_at_different_steps(kind: OptimizerKind) -> None:
    early, late, alone = (nn.Parameter(torch.ones(2)) for _ in range(3))
    both, one = (
        build_optimizer(OptimizerConfig(0.1, kind), moved, Names())
        for moved in ([early, late], [alone])
    )
    early.grad = torch.ones(2)
    both.step()
    late.grad = alone.grad = torch.ones(2)
    both.step()
    one.step()
    assert torch.equal(late, alone)
    assert not torch.equal(late, early)


def test_the_longest_matching_prefix_sets_the_multiplier() -> None:
    multipliers = {"trunk.": 0.1, "trunk.1.": 0.0, "head.": 2.0}
    groups = build(OptimizerConfig(1.0, multipliers=multipliers), network())
    rates = {name: group["lr"] for name, group in groups.items()}
    assert rates == {
        "trunk.0.weight": 0.05,
        "trunk.0.bias": 0.05,
        "trunk.1.weight": 0.0,
        "trunk.1.bias": 0.0,
        "head.weight": 1.0,
        "head.bias": 1.0,
    }


@pytest.mark.parametrize("decay_norms", [True, False])
def test_biases_and_norms_decay_only_with_decay_norms(decay_norms: bool) -> None:
    config = OptimizerConfig(1.0, weight_decay=5e-4, decay_norms=decay_norms)
    groups = build(config, network())
    for name, group in groups.items():
        matrix = name in ("trunk.0.weight", "head.weight")
        assert group["weight_decay"] == (5e-4 if matrix or decay_norms else 0.0)


def test_a_multiplier_that_matches_no_parameter_is_an_error() -> None:
    with pytest.raises(InvalidInputError, match=r"with 'tail.'.*Example of a name: 'trunk.0.w"):
        build(OptimizerConfig(1.0, multipliers={"tail.": 0.1}), network())


def test_an_optimizer_without_parameters_is_an_error() -> None:
    with pytest.raises(InvalidInputError, match="needs parameters"):
        build(OptimizerConfig(1.0), nn.Identity())
