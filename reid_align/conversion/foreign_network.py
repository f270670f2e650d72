"""Network found in a foreign state dict, and the interface of the formats that find it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from reid_align.errors import WeightsFormatError
from reid_align.preprocess import Preprocess
from reid_align.weights import Argument

State = Mapping[str, Tensor]


@dataclass(frozen=True)
class ForeignNetwork:
    """A network in a foreign state dict, and how to build the same encoder.

    Attributes:
        library: the library and its network, for messages.
        license: license of the library's code.
        architecture: name for `create_model`.
        arch_args: all arguments for `create_model` that differ from the defaults.
        preprocess: image preprocessing of the library's evaluation.
        tensors: exactly the tensors of the encoder, under foreign names.
        foreign_name: maps a name in the encoder to the name in ``tensors``.
        left_out: names of tensors that inference does not need.
        assumed: names of arguments that the file does not determine.
        identities: number of training identities; None without a classifier.
    """

    library: str
    license: str
    architecture: str
    arch_args: Mapping[str, Argument]
    preprocess: Preprocess
    tensors: State
    foreign_name: Callable[[str], str]
    left_out: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    identities: int | None = None


class ForeignFormat(Protocol):
    """Layout of the state dicts of one library.

    Attributes:
        library: the library and its network, for messages.
        license: license of the library's code.
    """

    library: str
    license: str

    def recognizes(self, state: State) -> bool:
        """Return whether this looks like a state dict of the library."""

    def read(self, state: State, given: Mapping[str, Argument], source: str) -> ForeignNetwork:
        """Identify the network.

        Args:
            state: the state dict, without prefixes of wrappers.
            given: arguments of the architecture given by the caller.
            source: the file, for messages.

        Raises:
            WeightsFormatError: the network is not supported.
        """


def without(state: State, names: tuple[str, ...]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Split a state dict into the tensors to convert and the names in ``names`` that it has."""
    return (
        {name: tensor for name, tensor in state.items() if name not in names},
        tuple(name for name in names if name in state),
    )


def count_identities(state: State, weight: str, bias: str, source: str) -> int | None:
    """Return the number of identities of a classifier; None if there is no classifier.

    Raises:
        WeightsFormatError: the shapes are not those of a classifier.
    """
    shapes = {name: list(state[name].shape) for name in (weight, bias) if name in state}
    if not shapes:
        return None
    count = next(iter(shapes.values()))[:1]
    ranks = {weight: 2, bias: 1}
    if any(len(shape) != ranks[name] or shape[:1] != count for name, shape in shapes.items()):
        listed = " and ".join(f"{name} is {shape}" for name, shape in shapes.items())
        raise WeightsFormatError(
            f"{source}: {listed}; expected [identities, features] and [identities]."
        )
    return count[0]


def rename(name: str, prefixes: Mapping[str, str], otherwise: str = "") -> str:
    """Replace the first matching prefix of a name; else put ``otherwise`` before it."""
    for ours, theirs in prefixes.items():
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return otherwise + name
