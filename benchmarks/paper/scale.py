"""How large the networks, the images and the trainings are: the same for all rows."""

import re
from dataclasses import dataclass, replace

from reid_align.batches.samplers import PKSampler, RandomSampler
from reid_align.models.resnet import Depth
from reid_align.recipes import Recipe, Stage
from reid_align.recipes.recipe import IMAGENET
from reid_align.tasks import (
    BaselineConfig,
    DenseUvConfig,
    DsaConfig,
    EncoderConfig,
    EncoderTaskConfig,
    SanConfig,
    TaskConfig,
)
from reid_align.training.config import Precision, TrainingConfig
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.schedule import ScheduleConfig

PeopleOrPairs = PKSampler | RandomSampler


@dataclass(frozen=True)
class Scale:
    """What is changed about a recipe, and nothing else is.

    Attributes:
        name: of the scale.
        depth: of every encoder; None leaves the recipe's.
        height: of the images in pixels.
        width: of the images in pixels.
        shrink: every count of epochs, those of the schedules too, is divided by this.
        steps: updates with reID images in an epoch, or of a generator; None is a pass through
            the data.
        persons: in a batch, with as many images of each as in the recipe; None is the recipe's.
        pairs: synthetic images in a batch; None is the recipe's.
        precision: what networks compute in; None is the recipe's. With bfloat16, which pays with
            images in channels-last order, they have that order.
        peak: the highest learning rate of the optimizers whose rate falls in steps, those of reID
            networks. They go from it to nothing along a cosine; None leaves the recipe's rate and
            schedule.
        contrast: a contrastive loss (arXiv:2004.11362) takes the place of every batch-hard triplet
            loss of reID features, and its weight.
        initial: what networks start from in the place of ImageNet's weights.
        checkpoint_every: epochs from one checkpoint to the next.
    """

    name: str
    depth: Depth | None = None
    height: int = 256
    width: int = 128
    shrink: int = 1
    steps: int | None = None
    persons: int | None = None
    pairs: int | None = None
    precision: Precision | None = None
    peak: float | None = None
    contrast: bool = False
    initial: str = IMAGENET
    checkpoint_every: int = 1


# Epochs of a cosine.
WARMUP = 1
FULL = Scale("full")
# 16 epochs of 25 updates: what two cores do of all rows in hours.
SMALL = Scale(
    "small",
    18,
    128,
    64,
    shrink=20,
    steps=25,
    pairs=16,
    precision="bfloat16",
    peak=5e-4,
    contrast=True,
    checkpoint_every=4,
)
# Two and a half times as many, for the rows that the papers' question hangs on.
MEDIUM = replace(SMALL, name="medium", shrink=8)
# To see every path run.
TINY = Scale("tiny", 18, 64, 32, 80, 1, 2, 8, initial="random", checkpoint_every=10)
SCALES = {scale.name: scale for scale in (FULL, MEDIUM, SMALL, TINY)}


def scaled(recipe: Recipe, scale: Scale) -> Recipe:
    """Return the recipe at a scale."""
    if scale == FULL:
        return recipe
    return replace(recipe, stages=tuple(_stage(stage, scale) for stage in recipe.stages))


def _stage(stage: Stage, scale: Scale) -> Stage:
    streams = {
        name: replace(stream, sampler=_sampler(stream.sampler, scale))
        for name, stream in stage.streams.items()
    }
    return replace(
        stage,
        task=_task(stage.task, scale),
        training=_training(stage.training, scale),
        streams=streams,
        initial=scale.initial if stage.initial == IMAGENET else stage.initial,
    )


def _task(task: TaskConfig, scale: Scale) -> TaskConfig:
    if isinstance(task, DenseUvConfig):
        depth = scale.depth or task.depth
        return replace(task, depth=depth, height=scale.height, width=scale.width)
    if isinstance(task, EncoderTaskConfig):
        task = replace(task, encoder=_encoder(task.encoder, scale))
    return _contrasted(task) if scale.contrast else task


def _contrasted(task: TaskConfig) -> TaskConfig:
    if isinstance(task, DsaConfig):
        return replace(task, triplet_weight=0.0, contrast_weight=task.triplet_weight)
    if isinstance(task, BaselineConfig | SanConfig):
        weight = task.supervision.triplet_weight
        losses = replace(task.supervision, triplet_weight=0.0, contrast_weight=weight)
        return replace(task, supervision=losses)
    return task


def _encoder(encoder: EncoderConfig, scale: Scale) -> EncoderConfig:
    name = encoder.architecture
    if scale.depth is not None:
        name = re.sub("resnet50|reid", f"resnet{scale.depth}", name)
    return replace(encoder, architecture=name, height=scale.height, width=scale.width)


def _training(training: TrainingConfig, scale: Scale) -> TrainingConfig:
    epochs = max(1, training.epochs // scale.shrink)
    # Synthetic batches come in between, and take nothing away from the others.
    steps = None if scale.steps is None else scale.steps * len(training.alternate)
    return replace(
        training,
        epochs=epochs,
        steps_per_epoch=steps,
        precision=scale.precision or training.precision,
        channels_last=training.channels_last or scale.precision == "bfloat16",
        optimizers={name: _optimizer(one, scale) for name, one in training.optimizers.items()},
        evaluate_every=epochs,
        checkpoint_every=scale.checkpoint_every,
    )


def _optimizer(optimizer: OptimizerConfig, scale: Scale) -> OptimizerConfig:
    schedule = optimizer.schedule
    if scale.peak is not None and schedule.milestones:
        # So short a training with the recipe's rate and steps loses what it started from.
        cosine = ScheduleConfig(
            "cosine", "linear", WARMUP, scale.peak / 20, final=scale.peak / 50, every_step=True
        )
        return replace(optimizer, lr=scale.peak, schedule=cosine)
    milestones = {max(1, epoch // scale.shrink) for epoch in schedule.milestones}
    warmup = -(-schedule.warmup_epochs // scale.shrink)
    shorter = replace(schedule, milestones=tuple(sorted(milestones)), warmup_epochs=warmup)
    return replace(optimizer, schedule=shorter)


def _sampler(sampler: PeopleOrPairs, scale: Scale) -> PeopleOrPairs:
    if isinstance(sampler, PKSampler):
        return replace(sampler, num_identities=scale.persons or sampler.num_identities)
    return replace(sampler, batch_size=scale.pairs or sampler.batch_size)
