"""Optimizer of one objective, with separate gradient buffers."""

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from reid_align.errors import InvalidInputError
from reid_align.training.optimizers import OptimizerConfig, build_optimizer, set_learning_rate


class ObjectiveOptimizer:
    """Parameters, gradients and optimizer of one objective of a task.

    Keeps its gradients outside of ``parameter.grad``, because objectives may share parameters.

    Args:
        name: name of the objective.
        parameters: parameters that the objective trains.
        config: optimizer settings.
        names: names of at least these parameters.
        streams: streams of the training.

    Attributes:
        optimizers: one optimizer per stream with ``state_per_stream``, otherwise one named "".
    """

    def __init__(
        self,
        name: str,
        parameters: list[nn.Parameter],
        config: OptimizerConfig,
        names: Mapping[nn.Parameter, str],
        streams: Iterable[str],
    ) -> None:
        self.name = name
        self.config = config
        keys = sorted(set(streams)) if config.state_per_stream else [""]
        self.optimizers = {key: build_optimizer(config, parameters, names) for key in keys}
        self.parameters = parameters
        self.gradients: list[Tensor | None] = [None] * len(parameters)

    def backward(self, loss: Tensor, *, retain_graph: bool) -> None:
        """Add the gradient of a loss to the buffers.

        Raises:
            InvalidInputError: the loss is no scalar or depends on no parameter.
        """
        if loss.ndim or not loss.requires_grad:
            raise InvalidInputError(
                f"Objective {self.name!r}: the loss has shape {tuple(loss.shape)} and "
                f"requires_grad={loss.requires_grad}. It must be a scalar that depends on "
                "trained parameters."
            )
        self._set_grad()
        torch.autograd.backward(loss, inputs=self.parameters, retain_graph=retain_graph)
        self._take_grad()

    def fill(self, present: Iterator[bool]) -> list[Tensor]:
        """Return the gradients. Adds zeros where only other processes have a gradient."""
        for index, (parameter, used) in enumerate(zip(self.parameters, present, strict=False)):
            if used and self.gradients[index] is None:
                self.gradients[index] = torch.zeros_like(parameter)
        return [gradient for gradient in self.gradients if gradient is not None]

    def step(
        self, stream: str, scaler: torch.amp.GradScaler, rate: float, clip: float | None
    ) -> Tensor:
        """Update the parameters that have a gradient, then clear the gradients.

        Args:
            stream: stream of the batch.
            scaler: gradient scaler that scaled the losses.
            rate: learning rate.
            clip: maximum gradient norm.

        Returns:
            The gradient norm before clipping, a scalar.
        """
        optimizer = self.optimizers[stream if self.config.state_per_stream else ""]
        set_learning_rate(optimizer, rate)
        self._set_grad()
        scaler.unscale_(optimizer)
        updated = [parameter for parameter in self.parameters if parameter.grad is not None]
        norm = get_total_norm([p.grad for p in updated if p.grad is not None])
        if clip is not None:
            clip_grads_with_norm_(updated, clip, norm)
        scaler.step(optimizer)
        self._take_grad()
        self.gradients = [None] * len(self.parameters)
        return norm

    def _set_grad(self) -> None:
        for parameter, gradient in zip(self.parameters, self.gradients, strict=True):
            parameter.grad = gradient

    def _take_grad(self) -> None:
        self.gradients = [parameter.grad for parameter in self.parameters]
        for parameter in self.parameters:
            parameter.grad = None
