"""Recipe that fine-tunes trained weights on labeled images of the user.

The encoder, its image size and its preprocessing are those of the initial weights; the settings in
this module are those of the default weights. The losses are the identity loss and the contrastive
loss in which other identities of the same camera weigh more. The classifier is random at the start
and learns ten times faster than the encoder. All of this is ours.
"""

from dataclasses import replace

from reid_align.batches.augmentation import MODERN_AUGMENT
from reid_align.batches.samplers import PKSampler
from reid_align.recipes.catalog.synthetic_recipes import (
    ENCODER,
    OWN_CAMERA,
    SMOOTHING,
    STRETCH,
)
from reid_align.recipes.recipe import GIVEN, Recipe, Stage, StreamConfig, add_recipe
from reid_align.tasks import REID, BaselineConfig, SupervisionConfig
from reid_align.training.lr_schedule import ScheduleConfig
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.task_interface import MAIN
from reid_align.training.training_config import TrainingConfig

EPOCHS, WARMUP_EPOCHS = 20, 2
LR = 1e-4
CLASSIFIER_FACTOR = 10.0
SUPERVISION = SupervisionConfig(1.0, 0.0, contrast_weight=1.0, own_camera_weight=OWN_CAMERA)
OPTIMIZER = OptimizerConfig(
    LR,
    "adamw",
    weight_decay=0.01,
    decay_norms=False,
    multipliers={"supervision": CLASSIFIER_FACTOR},
    schedule=ScheduleConfig(
        "cosine",
        "linear",
        WARMUP_EPOCHS,
        warmup_from=LR / 100,
        final=LR / 100,
        every_step=True,
    ),
)

add_recipe(
    Recipe(
        "finetune",
        "trained weights on your own labeled images; needs --from WEIGHTS",
        (
            Stage(
                "finetune",
                BaselineConfig(replace(ENCODER, smoothing=SMOOTHING, stretch=STRETCH), SUPERVISION),
                TrainingConfig(
                    EPOCHS,
                    {MAIN: OPTIMIZER},
                    (REID,),
                    clip=5.0,
                    ema=0.99,
                    precision="bfloat16",
                    channels_last=True,
                    evaluate_every=5,
                    evaluate_start=True,
                ),
                {REID: StreamConfig(PKSampler(16, 4), MODERN_AUGMENT)},
                GIVEN,
                fine_tunes=True,
            ),
        ),
        "ours. Encoder, image size and preprocessing are those of the initial weights; without "
        "--from, those of the default weights are shown. An epoch is a pass through the images, of "
        "at least 50 steps. A batch has at most as many identities as the data.",
        f"{EPOCHS} epochs of 64 images per step",
    )
)
