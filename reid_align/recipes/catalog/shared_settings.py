"""Settings that recipes of both papers share.

Source: DSA-reID (CVPR 2019) section 4.2. SAN (arXiv:1905.13143) reports no training settings; its
official code has the same ones except for the warm-up.
"""

from collections.abc import Mapping
from dataclasses import replace

from reid_align.batches.augmentation import CAMERA_AUGMENT, AugmentConfig
from reid_align.batches.samplers import PKSampler, RandomSampler
from reid_align.recipes.recipe import StreamConfig
from reid_align.tasks import REID, SYNTHETIC
from reid_align.training.lr_schedule import ScheduleConfig, Warmup
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.task_interface import MAIN
from reid_align.training.training_config import TrainingConfig

BASELINE_COST = "320 epochs of the reID set, 4.1 GMAC per image forward"
EPOCHS, WARMUP_EPOCHS = 320, 20
FULL_LR, FIRST_LR = 8e-4, 8e-6
# "Decayed by 0.5 every 40 epochs" is read as every 40 epochs after the warm-up, as in SAN's code.
MILESTONES = tuple(range(WARMUP_EPOCHS + 40, EPOCHS, 40))
IDENTITY_BATCHES = PKSampler(16, 4)
RANDOM_BATCHES = RandomSampler(64)
AUGMENT = AugmentConfig()
# Networks that train on synthetic images alone need it for the transfer to real images.
# Reconstruction: the input varies, the target does not.
SYNTHETIC_AUGMENT = replace(CAMERA_AUGMENT, flip=0.0)


def adam(warmup: Warmup, lr: float = FULL_LR) -> OptimizerConfig:
    """Return the optimizer of both papers, with a "geometric" (SAN) or "linear" warm-up."""
    schedule = ScheduleConfig(
        "step",
        warmup=warmup,
        warmup_epochs=WARMUP_EPOCHS,
        warmup_from=FIRST_LR,
        milestones=MILESTONES,
    )
    return OptimizerConfig(lr, weight_decay=5e-4, schedule=schedule)


def training(
    optimizer: OptimizerConfig, epochs: int = EPOCHS, alternate: tuple[str, ...] = (REID,)
) -> TrainingConfig:
    """Return the training settings of a task with one objective."""
    return TrainingConfig(epochs, {MAIN: optimizer}, alternate)


def reid_streams(
    augment: AugmentConfig = AUGMENT, *, synthetic: AugmentConfig | None = None
) -> Mapping[str, StreamConfig]:
    """Return batches of 16 identities with 4 images; ``synthetic`` adds batches of 64 images."""
    streams = {REID: StreamConfig(IDENTITY_BATCHES, augment)}
    if synthetic is not None:
        streams[SYNTHETIC] = StreamConfig(RANDOM_BATCHES, synthetic)
    return streams
