"""Recipe of one round of self-training, on images grouped into identities without labels.

The losses of `finetune` without the identity loss: groups change from round to round, and each
round would need a new classifier. The settings are ours.
"""

from dataclasses import replace

from reid_align.recipes.catalog.finetune_recipe import OPTIMIZER
from reid_align.recipes.catalog.synthetic_recipes import OWN_CAMERA
from reid_align.recipes.recipe import RECIPES, Recipe, add_recipe
from reid_align.tasks import BaselineConfig, SupervisionConfig
from reid_align.training.task_interface import MAIN

EPOCHS, STEPS, WARMUP_EPOCHS = 4, 30, 1
LR, FROZEN_MAP = 2e-4, 2
# A round is short: the average of the weights has to follow.
EMA = 0.97
CONTRAST = SupervisionConfig(0.0, 0.0, contrast_weight=1.0, own_camera_weight=OWN_CAMERA)

_stage = RECIPES["finetune"].last
assert isinstance(_stage.task, BaselineConfig)
_schedule = replace(
    OPTIMIZER.schedule, warmup_epochs=WARMUP_EPOCHS, warmup_from=LR / 100, final=LR / 100
)
_training = replace(
    _stage.training,
    epochs=EPOCHS,
    steps_per_epoch=STEPS,
    optimizers={MAIN: replace(OPTIMIZER, lr=LR, multipliers={}, schedule=_schedule)},
    ema=EMA,
    evaluate_start=False,
)
add_recipe(
    Recipe(
        "selftrain",
        "one round of the verb selftrain; needs --from WEIGHTS",
        (
            replace(
                _stage,
                name="selftrain",
                task=replace(
                    _stage.task,
                    encoder=replace(_stage.task.encoder, frozen_map=FROZEN_MAP),
                    supervision=CONTRAST,
                ),
                training=_training,
            ),
        ),
        "ours, after arXiv:1807.05520 (DeepCluster) and arXiv:2006.02713 (SpCL). Encoder, image "
        "size and preprocessing are those of the initial weights.",
        f"{EPOCHS * STEPS * 64:,} images in each round",
    )
)
