"""One training step: forward, gradients of all objectives, optimizer updates, weight average."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from reid_align.batches.batch import Batch
from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.inference.device import DTYPES
from reid_align.training.distributed import ProcessGroup
from reid_align.training.step.objective_optimizer import ObjectiveOptimizer
from reid_align.training.step.state_tensors import (
    copy_tensors,
    load_optimizer,
    optimizer_tensors,
    state_tensors,
)
from reid_align.training.step.weight_average import WeightAverage
from reid_align.training.task_interface import Losses, StepContext, Task
from reid_align.training.training_config import TrainingConfig


class Updater:
    """Updates the weights of a task, one step at a time.

    Args:
        task: task to train. Moved to the device; batch norms are converted if the config says so.
        config: training settings.
        device: device to train on.
        group: process group. All processes start with the weights of process 0.

    Attributes:
        average: exponential moving average of the weights; None without.
        rates: learning rate of each objective in the last step.

    Raises:
        InvalidInputError: objectives and optimizers do not match, or ``sync_batch_norm`` without
            CUDA.
    """

    def __init__(
        self, task: Task, config: TrainingConfig, device: torch.device, group: ProcessGroup
    ) -> None:
        self.task, self.config, self.device, self.group = task, config, device, group
        task.to(device)
        if config.channels_last:
            task.to(memory_format=torch.channels_last)
        task.train()
        if config.sync_batch_norm and group.size > 1:
            if device.type != "cuda":
                raise InvalidInputError("sync_batch_norm=True needs CUDA.")
            nn.SyncBatchNorm.convert_sync_batchnorm(task)
        self.objectives = _build_optimizers(task, config)
        self.scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "float16")
        self.average = None if config.ema is None else WeightAverage(task, config.ema)
        self.rates: dict[str, float] = {}
        self._losses = torch.compile(task.losses) if config.compile else task.losses
        with torch.no_grad():
            group.broadcast(list(self.tensors().values()))

    def step(
        self, stream: str, batches: Iterable[Batch], context: StepContext, epoch: float
    ) -> dict[str, Tensor]:
        """Do one step with batches of one stream.

        Args:
            stream: name of the stream.
            batches: ``accumulate`` batches, equally weighted.
            context: position in the training.
            epoch: epoch with fraction, for the learning-rate schedules.

        Returns:
            Means over the batches, scalars: "objective/STREAM/NAME", "term/STREAM/NAME" and the
            gradient norm "gradient/STREAM/NAME".
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
        norms = self._update(stream, epoch)
        if self.average is not None:
            self.average.update(context.step)
        means = {name: torch.stack(parts).mean() for name, parts in values.items()}
        return means | {f"gradient/{stream}/{name}": norm for name, norm in norms.items()}

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that training changes, not copied: weights, average, optimizers."""
        parts = {"task": state_tensors(self.task)}
        if self.average is not None:
            parts["average"] = self.average.tensors
        for name, optimizer in self._optimizers():
            parts[name] = optimizer_tensors(optimizer)
        return {
            f"{part}:{name}": tensor
            for part, tensors in parts.items()
            for name, tensor in tensors.items()
        }

    def scale(self) -> tuple[float, int] | None:
        """Return the float16 loss scale and the steps since it changed; None without float16."""
        state = self.scaler.state_dict()
        return (state["scale"], state["_growth_tracker"]) if state else None

    def load(self, tensors: Mapping[str, Tensor], scale: tuple[float, int] | None) -> None:
        """Restore the results of `tensors` and `scale`.

        Raises:
            OutputError: they belong to other networks.
        """
        parts: dict[str, dict[str, Tensor]] = defaultdict(dict)
        for name, tensor in tensors.items():
            part, _, key = name.partition(":")
            parts[part][key] = tensor
        copy_tensors(state_tensors(self.task), parts["task"])
        if self.average is not None:
            copy_tensors(self.average.tensors, parts["average"])
        for name, optimizer in self._optimizers():
            load_optimizer(optimizer, parts[name])
        if scale is not None:
            state = {"scale": scale[0], "_growth_tracker": scale[1]}
            self.scaler.load_state_dict(self.scaler.state_dict() | state)

    def _optimizers(self) -> Iterator[tuple[str, torch.optim.Optimizer]]:
        """Yield all optimizers with their names in checkpoints."""
        for name, objective in self.objectives.items():
            for stream, optimizer in objective.optimizers.items():
                yield f"optimizer/{name}/{stream}".rstrip("/"), optimizer

    def _forward(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        batch = batch.to(self.device, non_blocking=True)
        if self.config.channels_last:
            images = batch.images.contiguous(memory_format=torch.channels_last)
            batch = replace(batch, images=images)
        dtype = DTYPES[self.config.precision]
        with torch.autocast(self.device.type, dtype, enabled=dtype != torch.float32):
            return self._losses(stream, batch, context)

    def _backward(self, losses: Mapping[str, Tensor]) -> None:
        """Compute the gradients of all objectives, before any of them updates a parameter."""
        for left, (name, loss) in zip(reversed(range(len(losses))), losses.items(), strict=True):
            if name not in self.objectives:
                raise UnknownNameError("objective", name, self.objectives)
            scaled = self.scaler.scale(loss / self.config.accumulate)
            self.objectives[name].backward(scaled, retain_graph=left > 0)

    def _update(self, stream: str, epoch: float) -> dict[str, Tensor]:
        """Average the gradients over the processes, update the weights, return gradient norms."""
        objectives = self.objectives.values()
        found = [gradient is not None for one in objectives for gradient in one.gradients]
        present = iter(self.group.any(found))
        gradients = {one.name: one.fill(present) for one in objectives}
        self.group.average([gradient for part in gradients.values() for gradient in part])
        self.rates = {
            one.name: one.config.schedule.learning_rate(one.config.lr, epoch, self.config.epochs)
            for one in objectives
        }
        norms = {
            name: self.objectives[name].step(
                stream, self.scaler, self.rates[name], self.config.clip
            )
            for name, part in gradients.items()
            if part
        }
        self.scaler.update()
        return norms


@contextmanager
def keep_running_statistics(module: nn.Module) -> Iterator[None]:
    """Keep batch norms in training mode from updating their running statistics."""
    tracking = [
        layer
        for layer in module.modules()
        if isinstance(layer, _BatchNorm) and layer.track_running_stats
    ]
    try:
        for layer in tracking:
            layer.track_running_stats = False
        yield
    finally:
        for layer in tracking:
            layer.track_running_stats = True


def _build_optimizers(task: Task, config: TrainingConfig) -> dict[str, ObjectiveOptimizer]:
    groups = task.parameter_groups()
    if groups.keys() != config.optimizers.keys():
        raise InvalidInputError(
            f"The task has the objectives {sorted(groups)}, but optimizers are set for "
            f"{sorted(config.optimizers)}. Set one optimizer per objective."
        )
    names = {parameter: name for name, parameter in task.named_parameters()}
    return {
        name: ObjectiveOptimizer(name, parameters, config.optimizers[name], names, config.alternate)
        for name, parameters in groups.items()
    }
