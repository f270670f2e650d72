"""Base class and registry of the training heads that are built by name."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

from reid_align.registry import Registry
from reid_align.weights import Argument, Origin


class Head(nn.Module, ABC):
    """A network that is used in training only, with weights separate from the encoder's.

    Attributes:
        architecture: name for `create_head`.
        arch_args: arguments for `create_head`.
        origin: origin of its initial weights.
    """

    architecture: str
    arch_args: Mapping[str, Argument]
    origin: Origin = Origin()

    @abstractmethod
    def example_inputs(self) -> tuple[Tensor, ...]:
        """Return the fixed inputs of the feature fingerprint."""


HEADS: Registry[type[Head]] = Registry("head")
