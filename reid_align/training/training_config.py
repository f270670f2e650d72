"""Training settings that affect the result, and how often to log and save."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from reid_align.checks import at_least_one, below_one, one_of, positive
from reid_align.errors import InvalidInputError
from reid_align.inference.device import DtypeName
from reid_align.training.optimizers import OptimizerConfig

Precision = DtypeName
SEEDS = 2**63


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of one training.

    Attributes:
        epochs: number of epochs.
        optimizers: optimizer settings, by objective of the task.
        alternate: order of streams, repeated: ("reid", "synthetic") alternates, ("reid", "reid",
            "synthetic") takes two reID batches per synthetic one. An epoch is one pass through the
            first stream. The other streams restart whenever they end.
        steps_per_epoch: length of an epoch in steps; None takes the length of the first stream.
        accumulate: batches per step. Equivalent to a larger batch if losses are means over the
            batch and batch norms are frozen.
        clip: maximum gradient norm per objective; None disables clipping.
        ema: decay of the exponential moving average of the weights. The average is evaluated and
            saved; None uses the weights themselves.
        precision: autocast dtype. Weights and optimizer states are always float32.
        channels_last: use the channels-last memory format for images and convolutions.
        compile: compile the losses with ``torch.compile``.
        sync_batch_norm: synchronize batch norms over all processes; CUDA only.
        seed: seed of everything random in training, 0 or more.
        evaluate_start: also evaluate the initial weights.
        evaluate_every: epochs between evaluations. Sample images are written at the same time.
        checkpoint_every: epochs between checkpoints.
        checkpoint_steps: also write a checkpoint every so many steps, for long epochs.
        keep: number of checkpoints to keep.
        log_every: steps per log line, which holds their means.
        best: name of the score that selects the best evaluation; higher is better.

    Raises:
        InvalidInputError: a value is out of range.
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
    evaluate_start: bool = False

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
            raise InvalidInputError(f"seed={self.seed}: use a number from 0 to {SEEDS - 1}.")
        if not self.alternate or not self.optimizers:
            raise InvalidInputError(
                f"alternate={self.alternate}, optimizers={sorted(self.optimizers)}: "
                "each needs at least one entry."
            )
