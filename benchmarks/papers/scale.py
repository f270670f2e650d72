"""Scale of networks, images and trainings, applied to every row alike."""

import re
from dataclasses import asdict, dataclass, replace

from reid_align.batches.samplers import PKSampler, RandomSampler
from reid_align.models import create_model
from reid_align.models.resnet import Depth
from reid_align.recipes import Recipe, Stage
from reid_align.recipes.catalog.shared_settings import FULL_LR
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
from reid_align.training.lr_schedule import ScheduleConfig
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.training_config import Precision, TrainingConfig

Sampler = PKSampler | RandomSampler
_LAST_LAYER = "layer4."


@dataclass(frozen=True)
class Scale:
    """Changes applied to a recipe.

    Attributes:
        name: name of the scale.
        depth: ResNet depth of every encoder and of the dense pose estimator; None keeps the
            recipe's.
        backbone: light network in place of the ResNet of every encoder, such as "mobilenet_v2".
        height: image height in pixels.
        width: image width in pixels.
        shrink: divisor of all epoch counts, including those of schedules.
        steps: updates with reID images (or of a generator) per epoch; None for a full pass.
        identities: identities per batch; None keeps the recipe's.
        pairs: synthetic images per batch; None keeps the recipe's.
        precision: precision of the networks; None keeps the recipe's. "bfloat16" also selects
            channels-last order.
        peak: learning rate that replaces `FULL_LR` in optimizers with a step schedule; other rates
            change in proportion, and the schedule becomes a cosine. None keeps rates and schedules.
        contrast: replace each batch-hard triplet loss of reID features by a contrastive loss
            (arXiv:2004.11362) of the same weight.
        initial: initial weights in place of ImageNet's.
        checkpoint_every: epochs between checkpoints.
    """

    name: str
    depth: Depth | None = None
    backbone: str | None = None
    height: int = 256
    width: int = 128
    shrink: int = 1
    steps: int | None = None
    identities: int | None = None
    pairs: int | None = None
    precision: Precision | None = None
    peak: float | None = None
    contrast: bool = False
    initial: str = IMAGENET
    checkpoint_every: int = 1


# Warm-up epochs of the cosine schedule.
WARMUP = 1
FULL = Scale("full")
# 16 epochs of 25 updates: all rows take hours on two cores.
SMALL = Scale(
    "small",
    18,
    height=128,
    width=64,
    shrink=20,
    steps=25,
    pairs=16,
    precision="bfloat16",
    peak=5e-4,
    contrast=True,
    checkpoint_every=4,
)
# 2.5 times as many updates, for the main rows.
MEDIUM = replace(SMALL, name="medium", shrink=8)
# The papers' losses and start, ImageNet, with a light network: 64 epochs, 5,888 updates.
LIGHT = replace(
    SMALL,
    name="light",
    backbone="mobilenet_v2",
    shrink=5,
    steps=92,
    peak=4e-4,
    contrast=False,
    checkpoint_every=2,
)
# Smoke test of every code path.
TINY = Scale(
    "tiny",
    18,
    height=64,
    width=32,
    shrink=80,
    steps=1,
    identities=2,
    pairs=8,
    initial="random",
    checkpoint_every=10,
)
SCALES = {scale.name: scale for scale in (FULL, MEDIUM, SMALL, LIGHT, TINY)}


def scaled(recipe: Recipe, scale: Scale) -> Recipe:
    """Return the recipe at a scale."""
    if scale == FULL:
        return recipe
    return replace(recipe, stages=tuple(_stage(stage, scale) for stage in recipe.stages))


def scale_record(scale: Scale) -> dict[str, object]:
    """Return the fields of a scale that affect a result."""
    record = asdict(scale)
    del record["checkpoint_every"]
    if scale.backbone is None:
        # Results from before light scales do not have it.
        del record["backbone"]
    return record


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
        fresh=_fresh(stage, scale),
    )


def _fresh(stage: Stage, scale: Scale) -> tuple[str, ...]:
    """Return the random parts of the encoder; layer4 is the layers after e3 in a light network."""
    if scale.backbone is None or _LAST_LAYER not in stage.fresh:
        return stage.fresh
    light = create_model(f"san_{scale.backbone}")
    layers = [name for name, _ in light.get_submodule("features").named_children()]
    last = layers[len(light.layers_up_to(3)) :]
    others = tuple(prefix for prefix in stage.fresh if prefix != _LAST_LAYER)
    return (*(f"features.{name}." for name in last), *others)


def _task(task: TaskConfig, scale: Scale) -> TaskConfig:
    if isinstance(task, DenseUvConfig):
        small = scale.backbone or (scale.depth and f"resnet{scale.depth}")
        trunk = f"san_{small}" if small else task.trunk
        return replace(task, trunk=trunk, height=scale.height, width=scale.width)
    if isinstance(task, EncoderTaskConfig):
        task = replace(task, encoder=_encoder(task.encoder, scale))
    return _contrasted(task) if scale.contrast else task


def _contrasted(task: TaskConfig) -> TaskConfig:
    if isinstance(task, BaselineConfig | SanConfig | DsaConfig):
        weight = task.supervision.triplet_weight
        losses = replace(task.supervision, triplet_weight=0.0, contrast_weight=weight)
        return replace(task, supervision=losses)
    return task


def _encoder(encoder: EncoderConfig, scale: Scale) -> EncoderConfig:
    backbone = scale.backbone or (f"resnet{scale.depth}" if scale.depth else None)
    name = encoder.architecture
    if backbone:
        name = re.sub("resnet50|reid", backbone, name)
    return replace(encoder, architecture=name, height=scale.height, width=scale.width)


def _training(training: TrainingConfig, scale: Scale) -> TrainingConfig:
    epochs = max(1, training.epochs // scale.shrink)
    # `steps` counts reID updates; synthetic batches come in addition.
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
        # The recipe's rate and steps destroy the initial weights in such a short training.
        cosine = ScheduleConfig(
            "cosine", "linear", WARMUP, scale.peak / 20, final=scale.peak / 50, every_step=True
        )
        # Fine-tuning recipes have a fraction of the full rate, and keep that fraction.
        return replace(optimizer, lr=scale.peak * optimizer.lr / FULL_LR, schedule=cosine)
    milestones = {max(1, epoch // scale.shrink) for epoch in schedule.milestones}
    warmup = -(-schedule.warmup_epochs // scale.shrink)
    shorter = replace(schedule, milestones=tuple(sorted(milestones)), warmup_epochs=warmup)
    return replace(optimizer, schedule=shorter)


def _sampler(sampler: Sampler, scale: Scale) -> Sampler:
    if isinstance(sampler, PKSampler):
        return replace(sampler, num_identities=scale.identities or sampler.num_identities)
    return replace(sampler, batch_size=scale.pairs or sampler.batch_size)
