"""The recipe of the dense UV estimator, which makes the maps that DSA-reID needs."""

from reid_align.batches.augmentation import AugmentConfig
from reid_align.recipes.catalog.shared_settings import PAIRS, add
from reid_align.recipes.recipe import Recipe, Stage, StreamConfig
from reid_align.tasks import SYNTHETIC, DenseUvConfig
from reid_align.training.config import TrainingConfig
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.schedule import ScheduleConfig
from reid_align.training.task import MAIN

SCHEDULE = ScheduleConfig(
    "cosine", warmup="linear", warmup_epochs=1, warmup_from=1e-5, final=1e-6, every_step=True
)
OPTIMISER = OptimizerConfig(1e-3, "adamw", weight_decay=0.01, decay_norms=False, schedule=SCHEDULE)
# Nothing is erased: a hidden part of the body would still have to be found.
AUGMENT = AugmentConfig(jitter=0.8, grayscale=0.1, blur=0.2, erase=0.0)

add(
    Recipe(
        "dense_uv",
        "a dense UV estimator: from a image to its IUV map",
        (
            Stage(
                "dense_uv",
                DenseUvConfig(),
                TrainingConfig(30, {MAIN: OPTIMISER}, (SYNTHETIC,), clip=5.0, ema=0.999),
                {SYNTHETIC: StreamConfig(PAIRS, AUGMENT)},
            ),
        ),
        "ours, after arXiv:1802.00434; it takes the place of DensePose. Starts from ImageNet's "
        "weights.",
        "30 epochs of the synthetic set",
    )
)
