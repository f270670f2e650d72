"""Loading of a foreign state dict into a module under a name mapping, without leftovers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reid_align.errors import WeightsFormatError, WeightsIntegrityError
from reid_align.weights.tensor_matching import describe_tensor, is_finite, join_names, tensors_match

# Prefixes from DataParallel and weight averaging, and from torch.compile.
PREFIXES = ("module.", "_orig_mod.")
COUNTER = ".num_batches_tracked"


@dataclass(frozen=True)
class PlainState:
    """A state dict without the prefixes of wrappers.

    Attributes:
        tensors: by name.
        prefixes: the prefixes that were removed.
    """

    tensors: dict[str, Tensor]
    prefixes: tuple[str, ...]


def read_state(value: object, source: str) -> PlainState:
    """Check that a checkpoint entry is a state dict and remove prefixes of wrappers.

    Args:
        value: the checkpoint entry.
        source: the file and the entry, for messages.

    Raises:
        WeightsFormatError: the entry is not a dictionary from names to dense tensors, or two names
            become equal.
    """
    if not isinstance(value, Mapping):
        raise WeightsFormatError(f"{source}: expected a state dict, got a {type(value).__name__}.")
    tensors: dict[str, Tensor] = {}
    removed: dict[str, None] = {}
    for key, tensor in value.items():
        name = str(key)
        while prefix := next((p for p in PREFIXES if name.startswith(p)), None):
            name = name.removeprefix(prefix)
            removed[prefix] = None
        if not _is_dense(tensor):
            raise WeightsFormatError(f"{source}: {name} is not a dense tensor.")
        if name in tensors:
            raise WeightsFormatError(f"{source} has {name} with and without a prefix.")
        tensors[name] = tensor
    return PlainState(tensors, tuple(removed))


def add_counters(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Add the batch counters that files of torch before 0.4.1 lack; features do not need them."""
    if any(name.endswith(COUNTER) for name in tensors):
        return dict(tensors)
    norms = (name.removesuffix(".running_var") for name in tensors if name.endswith("running_var"))
    return {**tensors, **{norm + COUNTER: torch.tensor(0) for norm in norms}}


def fill_module(
    module: nn.Module, state: Mapping[str, Tensor], foreign_name: Callable[[str], str], source: str
) -> None:
    """Load the tensors of a foreign state dict into a module, in the module's dtypes.

    Args:
        module: may be on the meta device; its tensors are replaced.
        state: exactly the module's tensors, under foreign names.
        foreign_name: maps a name in the module to the name in ``state``.
        source: the file and the entry, for messages.

    Raises:
        WeightsFormatError: a tensor is missing, unknown, or has another shape or dtype; the message
            lists the first few under their foreign names.
        WeightsIntegrityError: a tensor contains NaN or infinity in the module's dtype.
    """
    targets = {foreign_name(name): tensor for name, tensor in module.state_dict().items()}
    problems = {
        "missing": [name for name in targets if name not in state],
        "unknown": [name for name in state if name not in targets],
        "of another shape or dtype": [
            f"{name} ({describe_tensor(state[name])} instead of {describe_tensor(target)})"
            for name, target in targets.items()
            if name in state and not tensors_match(state[name], target)
        ],
    }
    found = [
        f"{len(names)} {kind}: {join_names(names)}" for kind, names in problems.items() if names
    ]
    if found:
        raise WeightsFormatError(f"{source} does not match the model. " + ". ".join(found) + ".")
    ours = {
        name: state[foreign_name(name)].to(target.dtype)
        for name, target in module.state_dict().items()
    }
    if broken := [foreign_name(name) for name, tensor in ours.items() if not is_finite(tensor)]:
        raise WeightsIntegrityError(
            f"{source}: these tensors contain NaN or infinity: {join_names(broken)}."
        )
    module.load_state_dict(ours, assign=True)


def _is_dense(value: object) -> bool:
    return (
        isinstance(value, Tensor) and value.layout == torch.strided and value.device.type == "cpu"
    )
