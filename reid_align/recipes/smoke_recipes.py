"""Smoke tests of recipes: the same task with a small network and small images, in a minute."""

from dataclasses import replace

from reid_align.batches.samplers import PKSampler, RandomSampler
from reid_align.recipes.recipe import IMAGENET, RANDOM, Recipe, Stage, StreamConfig
from reid_align.tasks import BaselineConfig, TaskConfig
from reid_align.training.lr_schedule import ScheduleConfig
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.training_config import TrainingConfig

STEPS, LR = 8, 1e-4
# SAN's official constraint needs four images of each identity.
IDENTITIES = PKSampler(2, 4)
RANDOM_IMAGES = RandomSampler(8)


def smoke_test(recipe: Recipe) -> Recipe:
    """Return the smoke test of a recipe: ResNet-18, 64×32 pixels, 8 steps from random weights."""
    stages = tuple(_shrink_stage(stage) for stage in recipe.stages)
    return replace(recipe, name=f"{recipe.name}_tiny", stages=stages, cost="a minute", expected=())


def _shrink_stage(stage: Stage) -> Stage:
    return replace(
        stage,
        task=_shrink_task(stage),
        training=_shrink_training(stage.training),
        streams={name: _shrink_stream(stream) for name, stream in stage.streams.items()},
        initial=RANDOM if stage.initial == IMAGENET else stage.initial,
    )


def _shrink_task(stage: Stage) -> TaskConfig:
    """Return the task with a small network, or, if it fine-tunes, its network on small images."""
    task = stage.task.smoke_test()
    if not stage.fine_tunes or not isinstance(stage.task, BaselineConfig):
        return task
    return replace(stage.task, encoder=stage.task.encoder.with_small_images())


def _shrink_training(training: TrainingConfig) -> TrainingConfig:
    return replace(
        training,
        epochs=1,
        steps_per_epoch=STEPS,
        optimizers={name: _constant_rate(one) for name, one in training.optimizers.items()},
        precision="float32",
        channels_last=False,
        compile=False,
        ema=None,
        log_every=1,
        evaluate_every=1,
    )


def _constant_rate(optimizer: OptimizerConfig) -> OptimizerConfig:
    return replace(optimizer, lr=LR, schedule=ScheduleConfig())


def _shrink_stream(stream: StreamConfig) -> StreamConfig:
    sampler = stream.sampler
    if isinstance(sampler, RandomSampler):
        return replace(stream, sampler=RANDOM_IMAGES)
    return replace(stream, sampler=replace(IDENTITIES, num_cameras=sampler.num_cameras))
