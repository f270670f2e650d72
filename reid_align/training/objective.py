"""One thing to minimize: its parameters, their gradients until the step, and their optimizer."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from reid_align.errors import InvalidInputError
from reid_align.training.optimizers import OptimizerConfig, build_optimizer, set_learning_rate


class Objective:
    """Gradients are kept here and not in the parameters, as objectives may share parameters.

    Args:
        name: as the task names it.
        parameters: what the objective trains.
        config: of its optimizer.
        names: of at least these parameters.
    """

    def __init__(
        self,
        name: str,
        parameters: list[nn.Parameter],
        config: OptimizerConfig,
        names: Mapping[nn.Parameter, str],
    ) -> None:
        self.name = name
        self.config = config
        self.optimizer = build_optimizer(config, parameters, names)
        self.parameters = parameters
        self.gradients: list[Tensor | None] = [None] * len(parameters)

    def backward(self, loss: Tensor, *, retain_graph: bool) -> None:
        """Add the gradient of a loss.

        Raises:
            InvalidInputError: the loss depends on no parameter.
        """
        if loss.ndim or not loss.requires_grad:
            raise InvalidInputError(
                f"Objective {self.name!r}: its loss of shape {tuple(loss.shape)} must be a scalar "
                "that depends on parameters being trained."
            )
        self._lend()
        torch.autograd.backward(loss, inputs=self.parameters, retain_graph=retain_graph)
        self._take_back()

    def fill(self, present: Iterator[bool]) -> list[Tensor]:
        """Return the gradients, 0 where only other processes have one."""
        for index, (parameter, there) in enumerate(zip(self.parameters, present, strict=False)):
            if there and self.gradients[index] is None:
                self.gradients[index] = torch.zeros_like(parameter)
        return [gradient for gradient in self.gradients if gradient is not None]

    def step(self, scaler: torch.amp.GradScaler, rate: float, clip: float | None) -> Tensor:
        """Move the parameters that have a gradient, and forget it.

        Args:
            scaler: what the losses were multiplied by.
            rate: the learning rate.
            clip: the largest norm of the gradient.

        Returns:
            The norm the gradient had, a scalar.
        """
        set_learning_rate(self.optimizer, rate)
        self._lend()
        scaler.unscale_(self.optimizer)
        moved = [parameter for parameter in self.parameters if parameter.grad is not None]
        norm = get_total_norm([p.grad for p in moved if p.grad is not None])
        if clip is not None:
            clip_grads_with_norm_(moved, clip, norm)
        scaler.step(self.optimizer)
        self._take_back()
        self.gradients = [None] * len(self.parameters)
        return norm

    def _lend(self) -> None:
        for parameter, gradient in zip(self.parameters, self.gradients, strict=True):
            parameter.grad = gradient

    def _take_back(self) -> None:
        self.gradients = [parameter.grad for parameter in self.parameters]
        for parameter in self.parameters:
            parameter.grad = None
