"""State of modules and optimizers as named tensors, for checkpoints."""

from collections import defaultdict
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from reid_align.errors import OutputError


def state_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of a state dict, not copied. A shared tensor has its first name only."""
    first_names: dict[tuple[object, ...], str] = {}
    tensors = module.state_dict()
    for name, tensor in tensors.items():
        place = (tensor.data_ptr(), tensor.shape) if tensor.numel() else (name,)
        first_names.setdefault(place, name)
    return {name: tensors[name] for name in first_names.values()}


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimizer state by parameter index and key: "3/exp_avg"."""
    return {
        f"{index}/{key}": value
        for index, entries in optimizer.state_dict()["state"].items()
        for key, value in entries.items()
        if isinstance(value, Tensor)
    }


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Load the result of `optimizer_tensors` into an optimizer."""
    parameters = [member for group in optimizer.param_groups for member in group["params"]]
    state: dict[int, dict[str, Tensor]] = defaultdict(dict)
    for name, value in tensors.items():
        index, key = name.split("/")
        # Moments need the memory format of their parameter: fused optimizers depend on it.
        is_moment = key != "step" and value.shape == parameters[int(index)].shape
        state[int(index)][key] = (
            torch.empty_like(parameters[int(index)]).copy_(value) if is_moment else value
        )
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": dict(state), "param_groups": groups})


@torch.no_grad()
def copy_tensors(targets: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> None:
    """Copy values into tensors with the same names and shapes.

    Raises:
        OutputError: names or shapes differ. Nothing is copied then.
    """
    found = {name: tuple(value.shape) for name, value in values.items()}
    expected = {name: tuple(target.shape) for name, target in targets.items()}
    if found != expected:
        name = next(name for name in (*expected, *found) if expected.get(name) != found.get(name))
        raise OutputError(
            f"The checkpoint is of another network: {name} is {found.get(name, 'missing')} in the "
            f"checkpoint and {expected.get(name, 'missing')} in the network. Continue with the "
            "network of this run, or start a new run in another folder."
        )
    for name, target in targets.items():
        target.copy_(values[name])
