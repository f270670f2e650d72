"""Recipes of small networks for `unwrap`: dense pose maps and textures from images of 128×64.

Both have the trunk of MobileNetV2, and are trained on synthetic images with the camera
augmentation. The settings are ours.
"""

from dataclasses import replace

from reid_align.batches.augmentation import CAMERA_AUGMENT
from reid_align.batches.samplers import RandomSampler
from reid_align.recipes.catalog.dense_uv_recipe import AUGMENT as DENSE_AUGMENT
from reid_align.recipes.catalog.dense_uv_recipe import OPTIMIZER
from reid_align.recipes.recipe import Recipe, Stage, StreamConfig, add_recipe
from reid_align.tasks import (
    SYNTHETIC,
    DecoderConfig,
    DenseUvConfig,
    EncoderConfig,
    SanPgConfig,
    TaskConfig,
)
from reid_align.training.task_interface import MAIN
from reid_align.training.training_config import TrainingConfig

TRUNK, HEIGHT, WIDTH = "san_mobilenet_v2", 128, 64
# The stem and the first two stages have the largest maps, and take half of the time.
FROZEN_MAP = 1
BATCH, STEPS_PER_EPOCH = 32, 100
DENSE_EPOCHS, TEXTURE_EPOCHS = 20, 30
SOURCE = "ours. Starts from ImageNet weights, or from an encoder (--from)"


def _stage(name: str, task: TaskConfig, epochs: int, augment: StreamConfig) -> Stage:
    training = TrainingConfig(
        epochs,
        {MAIN: OPTIMIZER},
        (SYNTHETIC,),
        steps_per_epoch=STEPS_PER_EPOCH,
        clip=5.0,
        ema=0.999,
        precision="bfloat16",
        channels_last=True,
    )
    return Stage(name, task, training, {SYNTHETIC: augment})


add_recipe(
    Recipe(
        "dense_uv_mobilenet_v2",
        "a small dense UV estimator for images of 128×64",
        (
            _stage(
                "dense_uv",
                DenseUvConfig(TRUNK, FROZEN_MAP, HEIGHT, WIDTH),
                DENSE_EPOCHS,
                StreamConfig(RandomSampler(BATCH), DENSE_AUGMENT),
            ),
        ),
        f"{SOURCE}; after arXiv:1802.00434.",
        f"{DENSE_EPOCHS * STEPS_PER_EPOCH * BATCH:,} images of 128×64",
    )
)
add_recipe(
    Recipe(
        "san_pg_mobilenet_v2",
        "SAN-PG with a light encoder and a narrow decoder, for images of 128×64",
        (
            _stage(
                "pg",
                SanPgConfig(
                    EncoderConfig(TRUNK, height=HEIGHT, width=WIDTH, frozen_map=FROZEN_MAP),
                    DecoderConfig(narrow=True),
                ),
                TEXTURE_EPOCHS,
                StreamConfig(RandomSampler(BATCH), replace(CAMERA_AUGMENT, erase=0.25)),
            ),
        ),
        f"{SOURCE}; after SAN (arXiv:1905.13143), section 3.2.",
        f"{TEXTURE_EPOCHS * STEPS_PER_EPOCH * BATCH:,} images of 128×64",
    )
)
