"""Encoders from nothing but synthetic pictures and a few hours of two CPU cores.

No weights of other networks go in, and so nothing that those were trained on. From random weights
an encoder learns most from many small pictures: a step costs a quarter with half the height and
width. So the first stage sees pictures of 64×32, and only the last ones see 128×64. The contrastive
loss (arXiv:2004.11362) takes the place that ImageNet's weights have elsewhere; the pictures are
varied as cameras vary, since all of them were drawn. All of this is ours.
"""

from dataclasses import replace

from reid_align.datasets.augment import CAMERA_AUGMENT
from reid_align.datasets.sampling import PkBatching
from reid_align.recipes.common import add
from reid_align.recipes.modern import NECK
from reid_align.recipes.recipe import GIVEN, RANDOM, Recipe, Stage, StreamConfig
from reid_align.tasks import (
    REID,
    BaselineConfig,
    DsaConfig,
    EncoderConfig,
    GuideConfig,
    SanConfig,
    SupervisionConfig,
    TaskConfig,
)
from reid_align.training.config import TrainingConfig
from reid_align.training.optimisers import OptimiserConfig
from reid_align.training.schedule import ScheduleConfig
from reid_align.training.task import MAIN

SOURCE = "ours. Starts from random weights"
# A batch-hard triplet loss on top of it hinders the start.
SUPERVISION = SupervisionConfig(1.0, 0.0, contrast_weight=1.0)
SHALLOW, SMALL, SAN, MAIN_STREAM, DSA = "shallow", "small", "san", "main", "dsa"


def _training(epochs: int, lr: float) -> TrainingConfig:
    schedule = ScheduleConfig(
        "cosine",
        "linear",
        max(1, epochs // 10),
        warmup_from=lr / 20,
        final=lr / 50,
        every_step=True,
    )
    optimiser = OptimiserConfig(
        lr, "adamw", weight_decay=0.02, decay_norms=False, schedule=schedule
    )
    return TrainingConfig(
        epochs,
        {MAIN: optimiser},
        (REID,),
        clip=5.0,
        ema=0.99,
        precision="bfloat16",
        channels_last=True,
        evaluate_every=4,
    )


def _stage(
    name: str, task: TaskConfig, persons: int, epochs: int, lr: float, initial: str
) -> Stage:
    streams = {REID: StreamConfig(PkBatching(persons, 4), CAMERA_AUGMENT)}
    return Stage(name, task, _training(epochs, lr), streams, initial)


ENCODER = EncoderConfig("san_resnet50", NECK, 128, 64)
SMALL_ENCODER = replace(ENCODER, height=64, width=32)
SHALLOW_STAGE = _stage(
    SHALLOW,
    BaselineConfig(replace(SMALL_ENCODER, architecture="san_resnet14"), SUPERVISION),
    persons=32,
    epochs=24,
    lr=1e-3,
    initial=RANDOM,
)
SMALL_STAGE = _stage(
    SMALL, BaselineConfig(SMALL_ENCODER, SUPERVISION), 32, epochs=5, lr=6e-4, initial=SHALLOW
)
SAN_STAGE = _stage(
    SAN, SanConfig(ENCODER, SUPERVISION, synthetic=False), 16, epochs=3, lr=4e-4, initial=SMALL
)
DSA_ENCODER = replace(ENCODER, architecture="dsa_reid")
MAIN_STAGE = _stage(
    MAIN_STREAM,
    DsaConfig(DSA_ENCODER, GuideConfig("none")),
    persons=16,
    epochs=2,
    lr=4e-4,
    initial=GIVEN,
)
DSA_STAGE = _stage(DSA, DsaConfig(DSA_ENCODER), persons=8, epochs=1, lr=1e-4, initial=MAIN_STREAM)
add(
    Recipe(
        "san_synthetic",
        "SAN from nothing but synthetic pictures of 128×64",
        (SHALLOW_STAGE, SMALL_STAGE, SAN_STAGE),
        f"{SOURCE}.",
        "24 epochs of small pictures, 0.25 GMAC an image forward, and 4 of 128×64, 1.8 GMAC",
    )
)
add(
    Recipe(
        "dsa_synthetic",
        "DSA-reID from nothing but synthetic pictures of 128×64",
        (MAIN_STAGE, DSA_STAGE),
        "ours. Starts from the encoder of san_synthetic (--from); its last stage joins the guiding "
        "stream late, which costs ten times the main stream at this size.",
        "2 epochs of the main stream, 1.2 GMAC an image forward; 1 with the guiding stream, 11.5 "
        "more",
    )
)
