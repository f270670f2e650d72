"""Interface between the training loop and a task: networks, losses and saved weights."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess
from reid_align.training.distributed import ProcessGroup
from reid_align.weights import Argument, Loadable

MAIN = "main"


@dataclass(frozen=True)
class Losses:
    """Losses of one batch.

    An objective is a weighted sum of loss terms with its own optimizer and its own parameters. Two
    objectives may share parameters. Each parameter then gets one update per objective.

    Attributes:
        objectives: scalar to minimize, by the name of the objective.
        terms: unweighted loss terms for the log, scalars: "identity", "triplet", "texture". Not
            used for gradients.
    """

    objectives: Mapping[str, Tensor]
    terms: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class StepContext:
    """Position of a batch in the training.

    Attributes:
        step: completed steps.
        epoch: completed epochs.
        generator: CPU generator, seeded by the seed of the run and ``step``. Identical in all
            processes.
        group: the processes that share the batch.
    """

    step: int
    epoch: int
    generator: torch.Generator
    group: ProcessGroup


@dataclass(frozen=True)
class Product:
    """A trained network to save, with the metadata of its weights file.

    Attributes:
        module: the network.
        architecture: registered name of the encoder or head.
        arch_args: arguments that rebuild the network, together with the name.
        preprocess: preprocessing of input images; None for a head.
    """

    module: Loadable
    architecture: str
    arch_args: Mapping[str, Argument] = field(default_factory=dict)
    preprocess: Preprocess | None = None


class Task(nn.Module, ABC):
    """Networks that are trained together, as submodules, and their losses.

    Attributes:
        encoder: the encoder that computes features; None for a task without one.
        frozen_statistics: streams that do not update the running statistics of batch norms. Their
            batches are still normalized with their own statistics.
    """

    encoder: Encoder | None
    frozen_statistics: frozenset[str] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        # Not a class attribute, which would hide the submodule of that name.
        self.encoder = None

    @abstractmethod
    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return the required contents of batches, by the name of the stream."""

    @abstractmethod
    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Return the losses of one batch. A stream may have only some of the objectives.

        In a process group, the batch is the share of this process. Each loss is the mean over the
        share: its mean over the processes is the loss of the whole batch. Losses that compare
        images gather them with ``context.group.gather``.
        """

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        """Return the parameters of each objective. Objectives may share parameters.

        Default: objective "main" with all parameters that require a gradient.
        """
        return {MAIN: [parameter for parameter in self.parameters() if parameter.requires_grad]}

    def products(self) -> Mapping[str, Product]:
        """Return the networks to save, by file name without ``.safetensors``.

        Default: the encoder, as ``encoder``.
        """
        if self.encoder is None:
            return {}
        encoder = self.encoder
        return {
            "encoder": Product(encoder, encoder.architecture, encoder.arch_args, encoder.preprocess)
        }

    def sample_images(self, batch: Batch) -> Mapping[str, Tensor]:
        """Return images (N, 3, h, w) in [0, 1] that show the progress. Default: none.

        Called before every evaluation on the same batch, in evaluation mode without gradients.
        """
        del batch
        return {}


# Returns scores of a task in evaluation mode, by name: {"mAP": 0.7, "rank-1": 0.8}.
Evaluator = Callable[[Task], Mapping[str, float]]
