"""Recipe of the dense UV estimator, which computes the dense pose maps for DSA-reID."""

from dataclasses import replace

from reid_align.batches.augmentation import CAMERA_AUGMENT
from reid_align.recipes.catalog.shared_settings import RANDOM_BATCHES
from reid_align.recipes.recipe import Recipe, Stage, StreamConfig, add_recipe
from reid_align.tasks import SYNTHETIC, DenseUvConfig
from reid_align.training.lr_schedule import ScheduleConfig
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.task_interface import MAIN
from reid_align.training.training_config import TrainingConfig

SCHEDULE = ScheduleConfig(
    "cosine", warmup="linear", warmup_epochs=1, warmup_from=1e-5, final=1e-6, every_step=True
)
OPTIMIZER = OptimizerConfig(1e-3, "adamw", weight_decay=0.01, decay_norms=False, schedule=SCHEDULE)
# No random erasing: the estimator would have to find erased body parts.
AUGMENT = replace(CAMERA_AUGMENT, grayscale=0.1, erase=0.0)

add_recipe(
    Recipe(
        "dense_uv",
        "a dense UV estimator: from an image to its dense pose map (IUV)",
        (
            Stage(
                "dense_uv",
                DenseUvConfig(),
                TrainingConfig(30, {MAIN: OPTIMIZER}, (SYNTHETIC,), clip=5.0, ema=0.999),
                {SYNTHETIC: StreamConfig(RANDOM_BATCHES, AUGMENT)},
            ),
        ),
        "ours, after arXiv:1802.00434; it replaces DensePose. Starts from ImageNet weights.",
        "30 epochs of the synthetic set",
    )
)
