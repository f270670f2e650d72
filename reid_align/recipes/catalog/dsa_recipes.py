"""Recipes of DSA-reID: all rows of its tables 3, 4 and 5, CUHK01, and variants without numbers.

Source: DSA-reID, CVPR 2019. One training of `dsa_full` gives four rows of table 3.
"""

from dataclasses import replace

from reid_align.batches.augmentation import AugmentConfig
from reid_align.recipes.catalog.shared_settings import (
    AUGMENT,
    BASELINE_COST,
    adam,
    reid_streams,
    training,
)
from reid_align.recipes.recipe import (
    GIVEN,
    IMAGENET,
    RANDOM,
    PublishedResult,
    Recipe,
    Stage,
    add_recipe,
)
from reid_align.tasks import (
    BaselineConfig,
    DsaConfig,
    EncoderConfig,
    GuideConfig,
    PartsConfig,
    SupervisionConfig,
    TaskConfig,
)
from reid_align.training.lr_schedule import ScheduleConfig
from reid_align.training.optimizers import OptimizerConfig

PAPER = "DSA-reID (CVPR 2019)"
START = "Starts from ImageNet weights; the last stages are random, as in the paper."
DSA_COST = "320 epochs of the reID set; 4.6 GMAC per image forward for the main stream, 11.5 more "
DSA_COST += "for the guiding stream, 198 million parameters"
MAIN_COST = "320 epochs of the reID set, 4.6 GMAC per image forward"
NO_ERASING = AugmentConfig(erase=0.0)
# Section 3.2.2: both heads of the main stream start at random, although ImageNet has layer4.
RANDOM_HEADS = ("layer4.", "local4.")
MARKET = "market1501"


def dsa_stage(config: DsaConfig, initial: str = IMAGENET) -> Stage:
    """Return the training of one row."""
    fresh = RANDOM_HEADS if initial == IMAGENET else ()
    return replace(_stage(config, initial=initial), fresh=fresh)


def _stage(config: TaskConfig, augment: AugmentConfig = AUGMENT, initial: str = IMAGENET) -> Stage:
    return Stage("dsa", config, training(adam("linear")), reid_streams(augment), initial)


def _baseline(label_smoothing: float) -> BaselineConfig:
    return BaselineConfig(
        supervision=SupervisionConfig(label_smoothing=label_smoothing, classifier="two_layer")
    )


def _single(branch: str) -> DsaConfig:
    return DsaConfig(EncoderConfig("dsa_reid", {"branches": branch}))


def _market(
    rank1: float, mean_ap: float, rank5: float, rank10: float, feature: str = "f"
) -> PublishedResult:
    return PublishedResult(MARKET, rank1, mean_ap, rank5, rank10, feature)


def _add(
    name: str,
    purpose: str,
    stage: Stage,
    source: str,
    cost: str,
    expected: tuple[PublishedResult, ...] = (),
    start: str = START,
) -> None:
    add_recipe(Recipe(name, purpose, (stage,), f"{PAPER}, {source}. {start}", cost, expected))


IMAGENET_START = "Starts from ImageNet weights."
_add(
    "dsa_baseline",
    "the baseline, without random erasing or label smoothing",
    _stage(_baseline(0.0), NO_ERASING),
    "table 3, Baseline",
    BASELINE_COST,
    (_market(91.2, 76.4, 96.5, 97.9),),
    IMAGENET_START,
)
_add(
    "dsa_baseline_re",
    "the baseline with random erasing",
    _stage(_baseline(0.0)),
    "table 3, Baseline (RE)",
    BASELINE_COST,
    (_market(92.3, 78.6, 97.6, 98.3),),
    IMAGENET_START,
)
_add(
    "dsa_baseline_re_ls",
    "the baseline with random erasing and label smoothing",
    _stage(_baseline(0.1)),
    "table 3, Baseline (RE+LS)",
    BASELINE_COST,
    (_market(93.4, 81.2, 97.8, 98.5),),
    IMAGENET_START,
)
_add(
    "dsa_two_branch",
    "the main stream alone, with its global and its local branch",
    dsa_stage(DsaConfig(guide=GuideConfig("none"))),
    "table 3, Baseline (Two branches)",
    MAIN_COST,
    (_market(94.0, 83.4, 98.0, 98.7),),
)
_add(
    "dsa_global",
    "both streams, with their global branches alone",
    dsa_stage(_single("global")),
    "table 3, DSA-Global (Single)",
    DSA_COST,
    (_market(94.8, 84.7, 98.2, 98.9, "z_G"),),
)
_add(
    "dsa_local",
    "both streams, with their local branches alone",
    dsa_stage(_single("local")),
    "table 3, DSA-Local (Single)",
    DSA_COST,
    (_market(94.0, 83.2, 97.9, 98.6, "z_L"),),
)
_add(
    "dsa_full",
    "DSA-reID: aligned part images guide the main stream",
    dsa_stage(DsaConfig()),
    "table 3, the last four rows; table 2",
    DSA_COST,
    (
        _market(95.7, 87.6, 98.4, 99.1),
        _market(95.6, 87.4, 98.6, 99.1, "z_G"),
        _market(95.2, 86.5, 98.4, 99.0, "z_L"),
        _market(95.8, 87.5, 98.4, 99.1, "z"),
        PublishedResult("cuhk03_labeled", 78.9, 75.2),
        PublishedResult("cuhk03_detected", 78.2, 73.1),
        PublishedResult("dukemtmc", 86.2, 74.3),
    ),
)
_add(
    "dsa_csa",
    "DSA-reID with crops of the body parts instead of aligned part images",
    dsa_stage(DsaConfig(guide=GuideConfig("crops"))),
    "table 4, CSA; the cropping is ours",
    DSA_COST,
    (_market(94.1, 84.1, 98.1, 98.8),),
)
_add(
    "dsa_concat_fc",
    "DSA-reID with concatenation and a linear layer instead of addition",
    dsa_stage(DsaConfig(fusion="concat_fc")),
    "table 5, Concatenation + fc",
    DSA_COST,
    (_market(93.0, 81.6, 97.6, 98.6),),
)
_add(
    "dsa_parts_only",
    "aligned part images alone, without the image",
    _stage(PartsConfig(), initial=RANDOM),
    "section 3.2, without published numbers",
    "320 epochs of the reID set, 11.5 GMAC per image forward",
    start="Starts from random weights.",
)
_add(
    "dsa_mask_missing",
    "DSA-reID that skips the guiding stream for images without a detection",
    dsa_stage(DsaConfig(guide=GuideConfig(mask_missing=True))),
    "section 4.3 mentions images without a detection; skipping them is ours",
    DSA_COST,
)
_add(
    "dsa_cuhk01",
    "DSA-reID for CUHK01, without pre-training",
    dsa_stage(DsaConfig()),
    "section 4.3, CUHK01 without pre-training",
    DSA_COST,
    (PublishedResult("cuhk01", 88.6, rank5=97.1),),
)
_schedule = ScheduleConfig("step", milestones=(40, 80))
_add(
    "dsa_cuhk01_pretrained",
    "DSA-reID for CUHK01, fine-tuned from a run on CUHK03",
    replace(
        dsa_stage(DsaConfig(), initial=GIVEN),
        training=training(OptimizerConfig(8e-5, weight_decay=5e-4, schedule=_schedule), 100),
    ),
    "table 2, CUHK01; the fine-tuning settings are ours",
    DSA_COST.replace("320", "100"),
    (PublishedResult("cuhk01", 90.4, rank5=97.8),),
    "Starts from both streams of that run, with new classifiers.",
)
