"""What is trained: the networks, their losses on a batch, and what they leave behind."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from reid_align.batches.batch import Batch, Wanted
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess
from reid_align.training.group import ProcessGroup
from reid_align.weights import Argument, Loadable

MAIN = "main"


@dataclass(frozen=True)
class Losses:
    """What one batch costs.

    Attributes:
        objectives: name of an optimizer to the scalar that its parameters are to make smaller.
        terms: the single losses before they are weighted, scalars, for the log: "identity",
            "triplet", "texture". Their gradients are not used.
    """

    objectives: Mapping[str, Tensor]
    terms: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class StepContext:
    """Where in the training a batch is.

    Attributes:
        step: updates of the weights before this one.
        epoch: epochs before this one.
        generator: on the CPU, seeded by the run's seed and ``step``: the same in all processes.
        group: the processes that share the batch.
    """

    step: int
    epoch: int
    generator: torch.Generator
    group: ProcessGroup


@dataclass(frozen=True)
class Product:
    """A network that a finished run leaves as a file, and what that file says about it.

    Attributes:
        module: the network.
        architecture: the name under which an encoder or a head of its kind is built.
        arch_args: the arguments that, with the name, rebuild it.
        preprocess: what it expects to be done to a image; None for a head.
    """

    module: Loadable
    architecture: str
    arch_args: Mapping[str, Argument] = field(default_factory=dict)
    preprocess: Preprocess | None = None


class Task(nn.Module, ABC):
    """All networks that are trained together, as submodules, and how.

    Attributes:
        encoder: what features will be computed with; None where the task has no encoder.
        frozen_statistics: the streams whose batches are normalized with their own statistics but
            leave the running statistics of batch norms as they are.
    """

    encoder: Encoder | None
    frozen_statistics: frozenset[str] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        # Not on the class, where it would hide the submodule of that name.
        self.encoder = None

    @abstractmethod
    def wanted(self) -> Mapping[str, Wanted]:
        """Return, for each stream of batches the task learns from, what its batches must hold."""

    @abstractmethod
    def losses(self, stream: str, batch: Batch, context: StepContext) -> Losses:
        """Return the losses of one batch, which in a group of processes is this one's share of it.

        Each loss is the mean over the share, so that the mean over processes is that of the batch;
        what compares images with each other gathers them with ``context.group.gather``. A stream
        may have some of the objectives only.
        """

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        """Return which parameters each objective trains; one parameter may be in several.

        By default "main" trains all parameters that require a gradient.
        """
        return {MAIN: [parameter for parameter in self.parameters() if parameter.requires_grad]}

    def products(self) -> Mapping[str, Product]:
        """Return what is saved at the end, by the file's name without ``.safetensors``.

        By default that is the encoder, as ``encoder``.
        """
        if self.encoder is None:
            return {}
        encoder = self.encoder
        return {
            "encoder": Product(encoder, encoder.architecture, encoder.arch_args, encoder.preprocess)
        }

    def sample_images(self, batch: Batch) -> Mapping[str, Tensor]:
        """Return images (N, 3, h, w) in [0, 1] that show what was learned; by default none.

        Called now and then in evaluation mode, without gradients, on the same batch.
        """
        del batch
        return {}


# Scores of a task in evaluation mode, by name: {"mAP": 0.7, "rank-1": 0.8}.
Evaluator = Callable[[Task], Mapping[str, float]]
