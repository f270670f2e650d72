"""The contract of every training head that can be chosen by name, and the list of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

from reid_align.registry import Registry
from reid_align.weights import Argument, Origin


class Head(nn.Module, ABC):
    """A network that only training uses, with weights of its own beside the encoder's.

    Attributes:
        architecture: the name under which `create_head` builds it.
        arch_args: the arguments that, with the name, rebuild it.
        origin: where its weights came from when it was built.
    """

    architecture: str
    arch_args: Mapping[str, Argument]
    origin: Origin = Origin()

    @abstractmethod
    def example_inputs(self) -> tuple[Tensor, ...]:
        """Return the fixed, generated inputs whose outputs are the weights' fingerprint."""


HEADS: Registry[type[Head]] = Registry("head")
