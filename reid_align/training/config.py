"""How a task is trained: everything that decides the result, and nothing that does not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from reid_align.checks import at_least_one, below_one, one_of, positive
from reid_align.errors import InvalidInputError
from reid_align.inference.prepared_encoder import DtypeName
from reid_align.training.optimizers import OptimizerConfig

Precision = DtypeName
SEEDS = 2**63


@dataclass(frozen=True)
class TrainingConfig:
    """How long, in which order, with which optimizers and in which precision.

    Attributes:
        epochs: how many.
        optimizers: one for each objective of the task.
        alternate: the streams that the steps take their batches from, in turn and again from the
            start: ("reid", "synthetic"), or ("reid", "reid", "synthetic") for 2 to 1. An epoch is
            one pass through the first; the others begin anew whenever they end.
        steps_per_epoch: makes an epoch so many steps long instead.
        accumulate: batches per step. Where losses are means over a batch and batch norms are
            frozen, that is the same as larger batches.
        clip: the largest norm that the gradient of an objective may have; None clips nothing.
        ema: decay of the average of the weights that is evaluated and saved; None saves the weights
            as they are.
        precision: what the networks compute in; weights and optimizers are float32.
        channels_last: whether images and convolutions keep the channels of a pixel together.
        compile: whether the losses are compiled by torch.
        sync_batch_norm: whether batch norms see the batch of all processes; on CUDA only.
        seed: of everything that is random in training, from 0.
        evaluate_every: epochs from one evaluation, with sample images, to the next.
        checkpoint_every: epochs from one checkpoint to the next.
        checkpoint_steps: writes one every so many steps as well, where epochs are long.
        keep: how many checkpoints stay.
        log_every: steps whose mean is one line of the log.
        best: the score that decides which evaluation was the best; higher is better.

    Raises:
        InvalidInputError: a value that no training can have.
    """

    epochs: int
    optimizers: Mapping[str, OptimizerConfig] = field(hash=False)
    alternate: tuple[str, ...]
    steps_per_epoch: int | None = None
    accumulate: int = 1
    clip: float | None = None
    ema: float | None = None
    precision: Precision = "float32"
    channels_last: bool = False
    compile: bool = False
    sync_batch_norm: bool = False
    seed: int = 0
    evaluate_every: int = 10
    checkpoint_every: int = 1
    checkpoint_steps: int | None = None
    keep: int = 2
    log_every: int = 10
    best: str = "mAP"

    def __post_init__(self) -> None:
        counts = ("epochs", "accumulate", "evaluate_every", "checkpoint_every", "keep", "log_every")
        for name in (*counts, "steps_per_epoch", "checkpoint_steps"):
            if (value := getattr(self, name)) is not None:
                at_least_one(name, value)
        if self.clip is not None:
            positive("clip", self.clip)
        if self.ema is not None:
            below_one("ema", self.ema)
        one_of("precision", self.precision, get_args(Precision))
        if not 0 <= self.seed < SEEDS:
            raise InvalidInputError(f"seed={self.seed}: give a number from 0 to {SEEDS - 1}.")
        if not self.alternate or not self.optimizers:
            raise InvalidInputError(
                f"alternate={self.alternate} and optimizers {sorted(self.optimizers)}: "
                "name at least one stream and one objective."
            )
