"""The tiny twin of a recipe: the same task on a small network and small images, in a minute.

It is what tests train, and a way to see a recipe run on any machine before it runs for days.
"""

import re
from dataclasses import replace

from reid_align.batches.samplers import PKSampler, RandomSampler, Sampler
from reid_align.recipes.recipe import IMAGENET, RANDOM, Recipe, Stage, StreamConfig
from reid_align.tasks import (
    DenseUvConfig,
    DsaConfig,
    EncoderConfig,
    EncoderTaskConfig,
    PartsConfig,
    TaskConfig,
)
from reid_align.training.config import TrainingConfig
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.schedule import ScheduleConfig

HEIGHT, WIDTH = 64, 32
FEATURES, HIDDEN = 512, 64
STEPS, LR = 8, 1e-4


def tiny(recipe: Recipe) -> Recipe:
    """Return the recipe's twin: ResNet-18, 64×32 pixels, a few steps from random weights."""
    stages = tuple(_tiny_stage(stage) for stage in recipe.stages)
    return replace(recipe, name=f"{recipe.name}_tiny", stages=stages, cost="a minute", expected=())


def _tiny_stage(stage: Stage) -> Stage:
    return replace(
        stage,
        task=_tiny_task(stage.task),
        training=_tiny_training(stage.training),
        streams={name: _tiny_stream(stream) for name, stream in stage.streams.items()},
        initial=RANDOM if stage.initial == IMAGENET else stage.initial,
    )


def _tiny_task(task: TaskConfig) -> TaskConfig:
    if isinstance(task, DenseUvConfig):
        return replace(task, depth=18, height=HEIGHT, width=WIDTH)
    if isinstance(task, PartsConfig):
        guide = replace(task.guide, conv5_g="bottleneck")
        return replace(task, guide=guide, feature_dim=FEATURES, height=HEIGHT, width=WIDTH)
    if isinstance(task, DsaConfig):
        guide = replace(task.guide, conv5_g="bottleneck")
        encoder = _tiny_encoder(task.encoder)
        return replace(task, encoder=encoder, guide=guide, hidden_dim=HIDDEN)
    if isinstance(task, EncoderTaskConfig):
        return replace(task, encoder=_tiny_encoder(task.encoder))
    return task


def _tiny_encoder(encoder: EncoderConfig) -> EncoderConfig:
    square = encoder.width == encoder.height
    return replace(
        encoder,
        architecture=re.sub("resnet(14|50|101)|reid", "resnet18", encoder.architecture),
        height=HEIGHT,
        width=HEIGHT if square else WIDTH,
    )


def _tiny_training(training: TrainingConfig) -> TrainingConfig:
    return replace(
        training,
        epochs=1,
        steps_per_epoch=STEPS,
        optimizers={name: _tiny_optimizer(one) for name, one in training.optimizers.items()},
        precision="float32",
        channels_last=False,
        compile=False,
        ema=None,
        log_every=1,
        evaluate_every=1,
    )


def _tiny_optimizer(optimizer: OptimizerConfig) -> OptimizerConfig:
    return replace(optimizer, lr=LR, schedule=ScheduleConfig())


def _tiny_stream(stream: StreamConfig) -> StreamConfig:
    return replace(stream, sampler=_tiny_sampler(stream.sampler))


def _tiny_sampler(sampler: Sampler) -> PKSampler | RandomSampler:
    # Four images of each, as the official form of SAN's constraint takes them.
    if isinstance(sampler, PKSampler):
        return replace(sampler, num_identities=2, num_instances=4)
    return RandomSampler(8)
