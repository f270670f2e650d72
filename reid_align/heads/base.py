"""The contract of every training head that can be chosen by name, and the list of them."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from reid_align.registry import Registry


class Head(nn.Module, ABC):
    """A network that only training uses, with weights of its own beside the encoder's."""

    @abstractmethod
    def example_inputs(self) -> tuple[Tensor, ...]:
        """Return the fixed, generated inputs whose outputs are the weights' fingerprint."""


HEADS: Registry[type[Head]] = Registry("head")
