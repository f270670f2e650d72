"""Recipe that trains a student on synthetic images with the similarities of trained teachers.

The student keeps its own losses. All of this is ours.
"""

from dataclasses import replace

from reid_align.recipes.catalog.light_recipes import AUGMENT, SUPERVISION
from reid_align.recipes.catalog.synthetic_recipes import (
    CAMERAS,
    ENCODER,
    SMOOTHING,
    STRETCH,
    synthetic_stage,
)
from reid_align.recipes.recipe import GIVEN, Recipe, add_recipe
from reid_align.tasks import DistillationConfig

STEPS, RATE = 3000, 2e-4

_stage = synthetic_stage(
    "distill",
    DistillationConfig(replace(ENCODER, smoothing=SMOOTHING, stretch=STRETCH), SUPERVISION),
    identities=16,
    steps=STEPS,
    lr=RATE,
    initial=GIVEN,
    cameras=CAMERAS,
    augment=AUGMENT,
)
add_recipe(
    Recipe(
        "distill",
        "a trained student, taught by other weights; needs --from WEIGHTS",
        (replace(_stage, fine_tunes=True),),
        "ours. Encoder, image size and preprocessing are those of the initial weights; the setting "
        "task.teachers names the teachers. The losses are those of the light encoders and the "
        "relations of arXiv:2101.04731.",
        f"{64 * STEPS:,} images of the student, forward and backward, and of each teacher, forward",
    )
)
