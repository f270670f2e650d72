"""Recipes that train light encoders from ImageNet weights on synthetic images, on two CPU cores.

One stage: an identity loss and a contrastive loss in which other identities of the same camera
weigh more, at 128×64, with the camera augmentation, smoothing and level stretch of the other
synthetic recipes. The layers up to e2 keep their ImageNet weights (arXiv:1710.10710). All of this
is ours.
"""

from dataclasses import replace

from reid_align.batches.augmentation import CAMERA_AUGMENT
from reid_align.recipes.catalog.modern_recipes import NECK
from reid_align.recipes.catalog.synthetic_recipes import (
    CAMERAS,
    OWN_CAMERA,
    SMOOTHING,
    STRETCH,
    synthetic_stage,
)
from reid_align.recipes.recipe import IMAGENET, Recipe, add_recipe
from reid_align.tasks import BaselineConfig, EncoderConfig, SupervisionConfig
from reid_align.weights.imagenet_packages import IMAGENET_PACKAGES

STEPS, RATE, FROZEN_MAP = 5000, 4e-4, 2
SUPERVISION = SupervisionConfig(1.0, 0.0, contrast_weight=1.0, own_camera_weight=OWN_CAMERA)
AUGMENT = replace(CAMERA_AUGMENT, per_camera=True)
HEAD = {name: NECK[name] for name in ("head", "pool")}

for _model, _gmac in (
    ("mobilenet_v2", 0.09),
    ("efficientnet_lite0", 0.12),
    ("efficientnet_lite2", 0.18),
):
    _package = IMAGENET_PACKAGES[_model]
    _encoder = EncoderConfig(
        f"san_{_model}",
        HEAD,
        128,
        64,
        SMOOTHING,
        STRETCH,
        _package.mean,
        _package.std,
        FROZEN_MAP,
    )
    _stage = synthetic_stage(
        "light",
        BaselineConfig(_encoder, SUPERVISION),
        identities=16,
        steps=STEPS,
        lr=RATE,
        initial=IMAGENET,
        cameras=CAMERAS,
        augment=AUGMENT,
    )
    add_recipe(
        Recipe(
            f"{_model}_synthetic",
            "light encoder from ImageNet weights on synthetic images of 128×64",
            (_stage,),
            "ours. Starts from ImageNet weights.",
            f"{64 * STEPS:,} images of 128×64, {_gmac} GMAC per image forward",
        )
    )
