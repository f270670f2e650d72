"""Encoders from nothing but synthetic images and a few hours of two CPU cores.

No weights of other networks go in, and so nothing that those were trained on. A ResNet-50 learns
slowly from random weights, so it begins as its own first blocks, a ResNet-14, and as small: a step
costs a quarter with half the height and width. The stage after it grows it to its full depth, at
128×64, and only the last one adds what SAN or DSA-reID add. A contrastive loss makes the start fast
(arXiv:2004.11362), and since all images were drawn, they are varied as cameras vary. What cameras
leave in theirs is last to go: images are smoothed and stretched, and few cameras take a batch, in
which other persons by the own camera count more. All of this is ours.
"""

from dataclasses import replace

from reid_align.batches.augmentation import CAMERA_AUGMENT
from reid_align.batches.samplers import PKSampler
from reid_align.recipes.catalog.modern_recipes import NECK
from reid_align.recipes.catalog.shared_settings import add
from reid_align.recipes.recipe import RANDOM, Recipe, Stage, StreamConfig
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
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.schedule import ScheduleConfig
from reid_align.training.task import MAIN

COST = (
    "640,000 images of 64×32 with ResNet-14, 0.1 GMAC an image forward, 192,000 of 128×64 with "
    "ResNet-50, 1.2 GMAC"
)
# A batch-hard triplet loss on top of it hinders the start.
SUPERVISION = SupervisionConfig(1.0, 0.0, contrast_weight=1.0)
# What is left to learn by then is what cameras leave in their images.
OWN_CAMERA, CAMERAS = 4.0, 8
SMOOTHING, STRETCH = 1.0, 0.01
# The last stage is too short for a classifier of thousands of persons that begins at random.
CONTRAST = SupervisionConfig(0.0, 0.0, contrast_weight=1.0, own_camera_weight=OWN_CAMERA)
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


def _stage(
    name: str,
    task: TaskConfig,
    persons: int,
    steps: int,
    lr: float,
    initial: str,
    cameras: int = 0,
) -> Stage:
    streams = {REID: StreamConfig(PKSampler(persons, 4, cameras), CAMERA_AUGMENT)}
    return Stage(name, task, _training(steps, lr), streams, initial)


ENCODER = EncoderConfig("san_resnet50", NECK, 128, 64)
SHALLOW_STAGE = _stage(
    SHALLOW,
    BaselineConfig(EncoderConfig("san_resnet14", NECK, 64, 32), SUPERVISION),
    persons=64,
    steps=2500,
    lr=1e-3,
    initial=RANDOM,
)
DEEP_STAGE = _stage(
    DEEP, BaselineConfig(ENCODER, SUPERVISION), persons=32, steps=1500, lr=5e-4, initial=SHALLOW
)
SAN_STAGE = _stage(
    SAN,
    SanConfig(replace(ENCODER, smoothing=SMOOTHING, stretch=STRETCH), CONTRAST, synthetic=False),
    persons=16,
    steps=300,
    lr=2e-4,
    initial=DEEP,
    cameras=CAMERAS,
)
# Local branches that read a slice each are a tenth smaller: so both encoders fit into the package.
DSA_ENCODER = EncoderConfig(
    "dsa_reid", {**NECK, "local_input": "slice"}, 128, 64, SMOOTHING, STRETCH
)
DSA_CONFIG = DsaConfig(
    DSA_ENCODER,
    main_identity_weight=0.0,
    triplet_weight=0.0,
    contrast_weight=1.0,
    own_camera_weight=OWN_CAMERA,
)
DSA_STAGE = _stage(DSA, DSA_CONFIG, persons=16, steps=600, lr=2e-4, initial=DEEP, cameras=CAMERAS)
for _name, _paper, _stage_of_its_own, _cost in (
    ("san_synthetic", "SAN", SAN_STAGE, "19,000 of 1.8 GMAC"),
    (
        "dsa_synthetic",
        "DSA-reID",
        DSA_STAGE,
        "38,000 of 1.2 GMAC and 11.5 more for the guiding stream, which part images of the kind "
        "none leave out",
    ),
):
    add(
        Recipe(
            _name,
            f"{_paper} from nothing but synthetic images of 128×64",
            (SHALLOW_STAGE, DEEP_STAGE, _stage_of_its_own),
            "ours. Starts from random weights.",
            f"{COST}, and {_cost}",
        )
    )

# What rows of the papers' tables start from where they are measured small: every head of both
# papers' encoders has been trained, so that no row has a better start than another.
SMALL_CONFIG = DsaConfig(
    EncoderConfig("dsa_resnet18", height=64, width=32),
    GuideConfig("none"),
    main_identity_weight=1.0,
    triplet_weight=0.0,
    contrast_weight=1.0,
)
add(
    Recipe(
        "resnet18_synthetic",
        "a small start for both papers: ResNet-18 from nothing but synthetic images",
        (
            _stage(SHALLOW, SMALL_CONFIG, persons=64, steps=700, lr=1e-3, initial=RANDOM),
            _stage(
                DEEP,
                replace(SMALL_CONFIG, encoder=EncoderConfig("dsa_resnet18", height=128, width=64)),
                persons=32,
                steps=450,
                lr=5e-4,
                initial=SHALLOW,
            ),
        ),
        "ours. Starts from random weights.",
        "179,000 images of 64×32, 0.1 GMAC an image forward, and 58,000 of 128×64",
    )
)
