"""What the recipes of both papers share: how they learn, what their batches are, their list.

Source: DSA-reID (CVPR 2019) section 4.2; SAN (arXiv:1905.13143) does not say, its official code
does, and agrees but for the warm-up.
"""

from collections.abc import Mapping

from reid_align.batches.augmentation import AugmentConfig
from reid_align.batches.samplers import PKSampler, RandomSampler
from reid_align.recipes.recipe import Recipe, StreamConfig
from reid_align.registry import Registry
from reid_align.tasks import REID, SYNTHETIC
from reid_align.training.config import TrainingConfig
from reid_align.training.optimizers import OptimizerConfig
from reid_align.training.schedule import ScheduleConfig, Warmup
from reid_align.training.task import MAIN

RECIPES: Registry[Recipe] = Registry("recipe")

BASELINE_COST = "320 epochs of the reID set, 4.1 GMAC an image forward"
EPOCHS, WARMUP_EPOCHS = 320, 20
FULL_LR, FIRST_LR = 8e-4, 8e-6
# Every 40 epochs after the warm-up, the reading of "decayed by 0.5 every 40 epochs" that equals
# the official code of SAN.
MILESTONES = tuple(range(WARMUP_EPOCHS + 40, EPOCHS, 40))
PERSONS = PKSampler(16, 4)
PAIRS = RandomSampler(64)
AUGMENT = AugmentConfig()


def add(recipe: Recipe) -> None:
    """Put a recipe on the list.

    Raises:
        DuplicateNameError: there is one of that name.
    """
    RECIPES.register(recipe.name)(recipe)


def adam(warmup: Warmup, lr: float = FULL_LR) -> OptimizerConfig:
    """Return the optimizer of both papers: SAN's code warms up "geometric", DSA-reID "linear"."""
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
    """Return how a task with one objective is trained."""
    return TrainingConfig(epochs, {MAIN: optimizer}, alternate)


def reid_stream(
    augment: AugmentConfig = AUGMENT, *, synthetic: AugmentConfig | None = None
) -> Mapping[str, StreamConfig]:
    """Return 16 persons with 4 images each, and with ``synthetic`` also 64 synthetic images."""
    streams = {REID: StreamConfig(PERSONS, augment)}
    if synthetic is not None:
        streams[SYNTHETIC] = StreamConfig(PAIRS, synthetic)
    return streams
