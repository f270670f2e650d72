"""Recipes with current training practice, for weights to use rather than for the papers' tables.

They add common practice since 2019: BN-neck (arXiv:1903.07071), generalized mean pooling
(arXiv:1711.02512), ResNet-50-IBN-a (arXiv:1807.09441), AdamW with a cosine schedule, more
identities per batch, stronger color augmentation and a moving average of the weights. The
combination is ours.
"""

from reid_align.batches.augmentation import MODERN_AUGMENT, SAN_PG_AUGMENT
from reid_align.batches.samplers import PKSampler, RandomSampler
from reid_align.recipes.catalog.san_recipes import SHARED_ADAM
from reid_align.recipes.catalog.san_stages import BOTH, PG
from reid_align.recipes.catalog.shared_settings import SYNTHETIC_AUGMENT
from reid_align.recipes.recipe import IMAGENET, Recipe, Stage, StreamConfig, add_recipe
from reid_align.tasks import (
    REID,
    SYNTHETIC,
    BaselineConfig,
    DsaConfig,
    EncoderConfig,
    SanConfig,
    SanPgConfig,
    SupervisionConfig,
    TaskConfig,
)
from reid_align.training.lr_schedule import ScheduleConfig
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.task_interface import MAIN
from reid_align.training.training_config import TrainingConfig

NECK = {"head": "bnneck", "pool": "gem", "norm": "ibn_a"}
SUPERVISION = SupervisionConfig(1.0, 1.0)
EPOCHS = 120
SOURCE = "ours: common practice since the papers. Starts from ImageNet weights"
WEIGHTS = "The weights of the identity and the triplet loss are (λ1, λ2) = (1, 1)"
REID_COST = f"{EPOCHS} epochs of the reID set in bfloat16"
PG_COST = f"{EPOCHS} epochs of the synthetic set in bfloat16, 7.0 GMAC per image forward"
IDENTITY_BATCHES, RANDOM_BATCHES = PKSampler(32, 4), RandomSampler(128)


def _optimizer(epochs: int = EPOCHS) -> OptimizerConfig:
    schedule = ScheduleConfig(
        "cosine",
        warmup="linear",
        warmup_epochs=epochs // 12,
        warmup_from=3.5e-6,
        final=7e-7,
        every_step=True,
    )
    return OptimizerConfig(3.5e-4, "adamw", weight_decay=0.01, decay_norms=False, schedule=schedule)


def _training(alternate: tuple[str, ...], epochs: int = EPOCHS) -> TrainingConfig:
    return TrainingConfig(
        epochs,
        {MAIN: _optimizer(epochs)},
        alternate,
        clip=5.0,
        ema=0.999,
        precision="bfloat16",
        channels_last=True,
    )


def _stage(name: str, task: TaskConfig, initial: str = IMAGENET) -> Stage:
    configs = {
        REID: StreamConfig(IDENTITY_BATCHES, MODERN_AUGMENT),
        SYNTHETIC: StreamConfig(RANDOM_BATCHES, SAN_PG_AUGMENT),
    }
    if name == PG:
        configs[SYNTHETIC] = StreamConfig(RANDOM_BATCHES, SYNTHETIC_AUGMENT)
    streams = {stream: configs[stream] for stream in BOTH if stream in task.batch_specs()}
    unwrapper = PG if initial == PG else None
    return Stage(name, task, _training(tuple(streams)), streams, initial, unwrapper=unwrapper)


ENCODER = EncoderConfig("san_resnet50", NECK)
BASELINE = BaselineConfig(EncoderConfig("resnet50_baseline", NECK), SUPERVISION)
PG_STAGE = _stage(PG, SanPgConfig(ENCODER))
for _name, _purpose, _stages, _source, _cost in (
    (
        "baseline_modern",
        "the baseline with current training practice",
        (_stage("baseline", BASELINE),),
        f"{SOURCE}. {WEIGHTS}.",
        f"{REID_COST}, 4.1 GMAC per image forward",
    ),
    (
        "san_pg_modern",
        "SAN-PG with current training practice",
        (PG_STAGE,),
        f"{SOURCE}.",
        PG_COST,
    ),
    (
        "san_modern",
        "SAN with current training practice",
        (PG_STAGE, _stage("san", SanConfig(ENCODER, SUPERVISION), PG)),
        f"{SOURCE}. {WEIGHTS}. {SHARED_ADAM}",
        f"{PG_COST}; textures of all images; {REID_COST} and as many synthetic images, 7.0 GMAC "
        "per image forward",
    ),
    (
        "dsa_modern",
        "DSA-reID with current training practice",
        (_stage("dsa", DsaConfig(EncoderConfig("dsa_reid", NECK))),),
        f"{SOURCE}, the global head included, which is random in the paper. The local head is "
        "random, as in the paper.",
        f"{REID_COST}; 4.6 GMAC per image forward for the main stream, 11.5 more for the guiding "
        "stream",
    ),
):
    add_recipe(Recipe(_name, _purpose, _stages, _source, _cost))
