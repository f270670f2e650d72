"""Recipes that train encoders on synthetic images alone, in a few hours on two CPU cores.

They start from random weights, and therefore use no other training data. A ResNet-50 learns slowly
from random weights, so the first stage trains only its first blocks, a ResNet-14, on images of half
the height and width, which makes a step four times cheaper. The second stage grows it to its full
depth at 128×64, and the last stage adds the losses of SAN or DSA-reID. A contrastive loss
(arXiv:2004.11362) speeds up the start, and the augmentation imitates the differences between
cameras. The last stage reduces the influence of the camera on the features: images are smoothed and
stretched, batches have few cameras, and other identities of the same camera weigh more in the
contrastive loss. All of this is ours.
"""

from dataclasses import replace

from reid_align.batches.augmentation import CAMERA_AUGMENT, AugmentConfig
from reid_align.batches.samplers import PKSampler
from reid_align.recipes.catalog.modern_recipes import NECK
from reid_align.recipes.recipe import RANDOM, Recipe, Stage, StreamConfig, add_recipe
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
from reid_align.training.lr_schedule import ScheduleConfig
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.task_interface import MAIN
from reid_align.training.training_config import TrainingConfig

COST = (
    "640,000 images of 64×32 with ResNet-14, 0.1 GMAC per image forward, 192,000 of 128×64 with "
    "ResNet-50, 1.2 GMAC"
)
# An additional batch-hard triplet loss slows down the start.
SUPERVISION = SupervisionConfig(1.0, 0.0, contrast_weight=1.0)
# The last stage reduces the influence of the camera on the features.
OWN_CAMERA, CAMERAS = 4.0, 8
SMOOTHING, STRETCH = 1.0, 0.01
# The last stage is too short to train a classifier of thousands of identities from scratch.
CONTRAST = SupervisionConfig(0.0, 0.0, contrast_weight=1.0, own_camera_weight=OWN_CAMERA)
# DSA-reID's losses with a contrastive in place of the triplet loss.
FUSED_CONTRAST = SupervisionConfig(1.0, 0.0, classifier="two_layer", contrast_weight=1.0)
STEPS_PER_EPOCH = 50
SHALLOW, DEEP, SAN, DSA = "shallow", "deep", "san", "dsa"


def _training(steps: int, lr: float) -> TrainingConfig:
    epochs = steps // STEPS_PER_EPOCH
    schedule = ScheduleConfig(
        "cosine",
        "linear",
        max(1, epochs // 20),
        warmup_from=lr / 20,
        final=lr / 50,
        every_step=True,
    )
    optimizer = OptimizerConfig(
        lr, "adamw", weight_decay=0.02, decay_norms=False, schedule=schedule
    )
    return TrainingConfig(
        epochs,
        {MAIN: optimizer},
        (REID,),
        steps_per_epoch=STEPS_PER_EPOCH,
        clip=5.0,
        ema=0.99,
        precision="bfloat16",
        channels_last=True,
        checkpoint_every=4,
    )


def synthetic_stage(
    name: str,
    task: TaskConfig,
    identities: int,
    steps: int,
    lr: float,
    initial: str,
    cameras: int = 0,
    augment: AugmentConfig = CAMERA_AUGMENT,
) -> Stage:
    """Return a stage on synthetic images, with four images per identity in a batch.

    Args:
        name: of the stage.
        task: the task.
        identities: per batch.
        steps: length of the training.
        lr: learning rate after the warm-up.
        initial: the initial weights.
        cameras: per batch; 0 draws from all cameras.
        augment: augmentation of the images.
    """
    streams = {REID: StreamConfig(PKSampler(identities, 4, cameras), augment)}
    return Stage(name, task, _training(steps, lr), streams, initial)


ENCODER = EncoderConfig("san_resnet50", NECK, 128, 64)
SHALLOW_STAGE = synthetic_stage(
    SHALLOW,
    BaselineConfig(EncoderConfig("san_resnet14", NECK, 64, 32), SUPERVISION),
    identities=64,
    steps=2500,
    lr=1e-3,
    initial=RANDOM,
)
DEEP_STAGE = synthetic_stage(
    DEEP, BaselineConfig(ENCODER, SUPERVISION), identities=32, steps=1500, lr=5e-4, initial=SHALLOW
)
SAN_STAGE = synthetic_stage(
    SAN,
    SanConfig(replace(ENCODER, smoothing=SMOOTHING, stretch=STRETCH), CONTRAST, synthetic=False),
    identities=16,
    steps=300,
    lr=2e-4,
    initial=DEEP,
    cameras=CAMERAS,
)
# Local branches with one slice each are a tenth smaller, and both encoders fit into the package.
DSA_ENCODER = EncoderConfig(
    "dsa_reid", {**NECK, "local_input": "slice"}, 128, 64, SMOOTHING, STRETCH
)
DSA_CONFIG = DsaConfig(
    DSA_ENCODER,
    main_identity_weight=0.0,
    supervision=replace(FUSED_CONTRAST, own_camera_weight=OWN_CAMERA),
)
DSA_STAGE = synthetic_stage(
    DSA, DSA_CONFIG, identities=16, steps=600, lr=2e-4, initial=DEEP, cameras=CAMERAS
)
for _name, _paper, _last_stage, _cost in (
    ("san_synthetic", "SAN", SAN_STAGE, "19,000 of 1.7 GMAC"),
    (
        "dsa_synthetic",
        "DSA-reID",
        DSA_STAGE,
        "38,000 of 1.2 GMAC and 11.5 more for the guiding stream, which "
        'the part images "none" disable',
    ),
):
    add_recipe(
        Recipe(
            _name,
            f"{_paper} trained on synthetic images of 128×64 alone",
            (SHALLOW_STAGE, DEEP_STAGE, _last_stage),
            "ours. Starts from random weights.",
            f"{COST}, and {_cost}",
        )
    )

# Initial weights of the small measurements of the papers' tables. Every head of both papers'
# encoders is trained, so no row has an advantage.
SMALL_CONFIG = DsaConfig(
    EncoderConfig("dsa_resnet18", height=64, width=32),
    GuideConfig("none"),
    main_identity_weight=1.0,
    supervision=FUSED_CONTRAST,
)
add_recipe(
    Recipe(
        "resnet18_synthetic",
        "ResNet-18 on synthetic images alone, a start for small studies",
        (
            synthetic_stage(
                SHALLOW, SMALL_CONFIG, identities=64, steps=700, lr=1e-3, initial=RANDOM
            ),
            synthetic_stage(
                DEEP,
                replace(SMALL_CONFIG, encoder=EncoderConfig("dsa_resnet18", height=128, width=64)),
                identities=32,
                steps=450,
                lr=5e-4,
                initial=SHALLOW,
            ),
        ),
        "ours. Starts from random weights.",
        "179,000 images of 64×32, 0.1 GMAC per image forward, and 58,000 of 128×64",
    )
)
