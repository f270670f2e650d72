"""One step of learning: losses of a few batches, gradients of all objectives, then the updates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace

import torch
from torch import Tensor, nn

from reid_align.batches.batch import Batch
from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.inference.prepared_encoder import DTYPES
from reid_align.training.average import Average
from reid_align.training.config import TrainingConfig
from reid_align.training.group import ProcessGroup
from reid_align.training.objective import Objective
from reid_align.training.statistics import keep_running_statistics
from reid_align.training.task import Losses, StepContext, Task
from reid_align.training.tensors import (
    copy_tensors,
    load_optimizer,
    optimizer_tensors,
    state_tensors,
)


class Learner:
    """A task on its device, with its optimizers and the average of its weights.

    Args:
        task: what learns; moved to the device, and its batch norms joined if the config says so.
        config: how it learns.
        device: where.
        group: the processes that learn together; all start with the weights of the first.

    Attributes:
        rates: the learning rate of each objective in the last step.

    Raises:
        InvalidInputError: the objectives are not those of the config, or there is no CUDA for
            joint batch norms.
    """

    def __init__(
        self, task: Task, config: TrainingConfig, device: torch.device, group: ProcessGroup
    ) -> None:
        self.task, self.config, self.device, self.group = task, config, device, group
        _place(task, config, device)
        if config.sync_batch_norm and group.size > 1:
            if device.type != "cuda":
                raise InvalidInputError("sync_batch_norm works on CUDA only: leave it False.")
            nn.SyncBatchNorm.convert_sync_batchnorm(task)
        self.objectives = _objectives(task, config)
        self.scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "float16")
        self.average = None if config.ema is None else Average(task, config.ema)
        self.rates: dict[str, float] = {}
        self._losses = torch.compile(task.losses) if config.compile else task.losses
        with torch.no_grad():
            group.spread(list(self.tensors().values()))

    def step(
        self, stream: str, batches: Iterable[Batch], context: StepContext, epoch: float
    ) -> dict[str, Tensor]:
        """Learn from a few batches of one stream, each of which counts the same.

        Args:
            stream: where they come from.
            batches: ``accumulate`` of them.
            context: where in the training this is.
            epoch: the same as a number with a fraction, for the learning rates.

        Returns:
            Means over the batches, scalars: "objective/STREAM/NAME", "term/STREAM/NAME" and
            "gradient/STREAM/NAME", the norm.
        """
        values: dict[str, list[Tensor]] = defaultdict(list)
        frozen = stream in self.task.frozen_statistics
        with keep_running_statistics(self.task) if frozen else nullcontext():
            for batch in batches:
                losses = self._forward(stream, batch, context)
                self._backward(losses.objectives)
                for kind, group in (("objective", losses.objectives), ("term", losses.terms)):
                    for name, value in group.items():
                        values[f"{kind}/{stream}/{name}"].append(value.detach())
        norms = self._update(epoch)
        if self.average is not None:
            self.average.update(context.step)
        means = {name: torch.stack(parts).mean() for name, parts in values.items()}
        return means | {f"gradient/{stream}/{name}": norm for name, norm in norms.items()}

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that learning has changed, not copied."""
        parts = {"task": state_tensors(self.task)}
        if self.average is not None:
            parts["average"] = self.average.tensors
        for name, objective in self.objectives.items():
            parts[f"optimizer/{name}"] = optimizer_tensors(objective.optimizer)
        return {
            f"{part}:{name}": tensor
            for part, tensors in parts.items()
            for name, tensor in tensors.items()
        }

    def scale(self) -> tuple[float, int] | None:
        """Return the factor of the losses in float16, and for how many steps it has been good."""
        state = self.scaler.state_dict()
        return (state["scale"], state["_growth_tracker"]) if state else None

    def load(self, tensors: Mapping[str, Tensor], scale: tuple[float, int] | None) -> None:
        """Take back what `tensors` and `scale` returned.

        Raises:
            OutputError: it is of other networks.
        """
        parts: dict[str, dict[str, Tensor]] = defaultdict(dict)
        for name, tensor in tensors.items():
            part, _, key = name.partition(":")
            parts[part][key] = tensor
        copy_tensors(state_tensors(self.task), parts["task"])
        if self.average is not None:
            copy_tensors(self.average.tensors, parts["average"])
        for name, objective in self.objectives.items():
            load_optimizer(objective.optimizer, parts[f"optimizer/{name}"])
        if scale is not None:
            factor = {"scale": scale[0], "_growth_tracker": scale[1]}
            self.scaler.load_state_dict(self.scaler.state_dict() | factor)

    def _forward(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        batch = batch.to(self.device, non_blocking=True)
        if self.config.channels_last:
            images = batch.images.contiguous(memory_format=torch.channels_last)
            batch = replace(batch, images=images)
        dtype = DTYPES[self.config.precision]
        with torch.autocast(self.device.type, dtype, enabled=dtype != torch.float32):
            return self._losses(stream, batch, context)

    def _backward(self, losses: Mapping[str, Tensor]) -> None:
        """Compute the gradients of all objectives, before any of them moves a parameter."""
        for left, (name, loss) in zip(reversed(range(len(losses))), losses.items(), strict=True):
            if name not in self.objectives:
                raise UnknownNameError("objective", name, self.objectives)
            scaled = self.scaler.scale(loss / self.config.accumulate)
            self.objectives[name].backward(scaled, retain_graph=left > 0)

    def _update(self, epoch: float) -> dict[str, Tensor]:
        objectives = self.objectives.values()
        found = [gradient is not None for one in objectives for gradient in one.gradients]
        present = iter(self.group.agree(found))
        gradients = {one.name: one.fill(present) for one in objectives}
        self.group.average([gradient for part in gradients.values() for gradient in part])
        self.rates = {
            one.name: one.config.schedule.learning_rate(one.config.lr, epoch, self.config.epochs)
            for one in objectives
        }
        norms = {
            name: self.objectives[name].step(self.scaler, self.rates[name], self.config.clip)
            for name, part in gradients.items()
            if part
        }
        self.scaler.update()
        return norms


def _place(task: Task, config: TrainingConfig, device: torch.device) -> None:
    task.to(device)
    if config.channels_last:
        task.to(memory_format=torch.channels_last)
    task.train()


def _objectives(task: Task, config: TrainingConfig) -> dict[str, Objective]:
    groups = task.parameter_groups()
    if groups.keys() != config.optimizers.keys():
        raise InvalidInputError(
            f"The task has the objectives {sorted(groups)}, and there are optimizers for "
            f"{sorted(config.optimizers)}: give one for each."
        )
    names = {parameter: name for name, parameter in task.named_parameters()}
    return {
        name: Objective(name, parameters, config.optimizers[name], names)
        for name, parameters in groups.items()
    }
