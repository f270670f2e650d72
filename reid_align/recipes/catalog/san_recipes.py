"""The recipes of SAN: every row of its tables 1, 2 and 4, and what it tells without numbers.

Source: arXiv:1905.13143 (AAAI 2020).
"""

from dataclasses import replace

from reid_align.recipes.catalog.san_stages import (
    PG,
    baseline_stage,
    official_stage,
    partial_stage,
    pg_stage,
    san_stage,
    texture_input_stage,
)
from reid_align.recipes.catalog.shared_settings import BASELINE_COST, add
from reid_align.recipes.recipe import GIVEN, Expected, Recipe, Stage
from reid_align.tasks import DecoderConfig, DecoderTarget, EncoderConfig, SanConfig

PAPER = "SAN (arXiv:1905.13143)"
START = "Starts from ImageNet's weights, as the paper does."
PG_COST = "80 epochs of the generator, {} GMAC an image forward, on the synthetic set"
PG_50_COST = PG_COST.format(7.2)
SAN_COST = f"{PG_50_COST}; textures of all images; 320 epochs of the reID set, 7.2 GMAC an image"
SYNTHETIC_COST = f"{SAN_COST}, and as many synthetic images"
Scores = tuple[float, float]


def _both(cuhk03: Scores, market: Scores) -> tuple[Expected, ...]:
    """Return results (rank-1, mAP) on CUHK03 labeled and on Market-1501."""
    return Expected("cuhk03_labeled", *cuhk03), Expected("market1501", *market)


TABLE_3 = (
    Expected("cuhk03_detected", 79.4, 74.6),
    Expected("dukemtmc", 87.9, 75.5),
    Expected("msmt17_v1", 79.2, 55.7),
)
TABLE_3_BASELINE = (
    Expected("cuhk03_detected", 69.7, 66.1),
    Expected("dukemtmc", 85.9, 71.8),
    Expected("msmt17_v1", 73.8, 47.2),
)
TABLE_4 = (
    Expected("partial_reid", 44.7, rank5=72.4, rank10=86.0),
    Expected("partial_ilids", 53.7, rank5=77.4, rank10=81.9),
)
TABLE_4_BASELINE = (
    Expected("partial_reid", 38.9, rank5=67.7, rank10=78.2),
    Expected("partial_ilids", 46.1, rank5=69.6, rank10=76.1),
)
# As they are, without the fine-tuning on partial images.
TABLE_4_WHOLE = (
    Expected("partial_reid", 39.7, rank5=67.5, rank10=80.5),
    Expected("partial_ilids", 46.9, rank5=71.2, rank10=78.2),
)
TABLE_4_WHOLE_BASELINE = (
    Expected("partial_reid", 37.8, rank5=65.0, rank10=74.5),
    Expected("partial_ilids", 42.0, rank5=65.5, rank10=73.2),
)
BASIC = SanConfig(constraint_weight=0.0, synthetic=False)


def _drawing(target: DecoderTarget) -> SanConfig:
    """Return san_basic with another target."""
    return replace(BASIC, decoder=DecoderConfig(target))


def _add(
    name: str,
    purpose: str,
    stages: tuple[Stage, ...],
    source: str,
    cost: str,
    expected: tuple[Expected, ...] = (),
    start: str = START,
) -> None:
    add(Recipe(name, purpose, stages, f"{PAPER}, {source}. {start}", cost, expected))


_add(
    "san_baseline",
    "the baseline: ResNet-50 with an identity and a triplet loss",
    (baseline_stage(),),
    "table 1, row 1; tables 2, 3 and 4",
    BASELINE_COST,
    (*_both((73.7, 69.8), (94.1, 83.2)), *TABLE_3_BASELINE, *TABLE_4_WHOLE_BASELINE),
)
_add(
    "san_baseline_pginit",
    "our control: the baseline, started from SAN-PG as all of SAN's rows are",
    (pg_stage(), baseline_stage(PG)),
    "table 1 has no such row: how much of its gain is the start?",
    f"{PG_50_COST}; {BASELINE_COST}",
)
_add(
    "san_basic",
    "also draws the texture of every person",
    (pg_stage(), san_stage(BASIC)),
    "table 1, row 2; table 2, row 5",
    SAN_COST,
    _both((77.9, 73.7), (95.1, 85.8)),
)
_add(
    "san_basic_tr",
    "san_basic with the Triplet-ReID constraint",
    (pg_stage(), san_stage(SanConfig(synthetic=False))),
    "table 1, row 3",
    SAN_COST,
    _both((78.9, 74.9), (95.4, 86.9)),
)
_add(
    "san_basic_syn",
    "san_basic with synthetic batches in between",
    (pg_stage(), san_stage(SanConfig(constraint_weight=0.0))),
    "table 1, row 4",
    SYNTHETIC_COST,
    _both((78.8, 75.8), (95.7, 86.8)),
)
_add(
    "san_full",
    "SAN: textures, the Triplet-ReID constraint and synthetic batches",
    (pg_stage(), san_stage(SanConfig())),
    "table 1, row 5; tables 3 and 4",
    SYNTHETIC_COST,
    (*_both((80.1, 76.4), (96.1, 88.0)), *TABLE_3, *TABLE_4_WHOLE),
)
_add(
    "san_full_official",
    "SAN with the losses, steps, head and augmentation of its official code",
    (pg_stage(), official_stage()),
    "its official code (microsoft, MIT); that has neither the generator's training nor synthetic "
    "batches, which are as in san_full",
    SYNTHETIC_COST,
)
_add(
    "san_rec_input",
    "draws the input image itself instead of the texture",
    (pg_stage("input"), san_stage(_drawing("input"))),
    "table 2, row 2",
    SAN_COST,
    _both((74.4, 70.8), (94.3, 84.0)),
)
_add(
    "san_rec_pose",
    "draws the person from the front instead of the texture",
    (pg_stage("frontal"), san_stage(_drawing("frontal"))),
    "table 2, row 3",
    SAN_COST,
    _both((75.8, 72.0), (94.4, 84.5)),
)
_add(
    "san_rec_pngan",
    "draws the images of PN-GAN that a folder holds (--external)",
    (pg_stage("frontal"), san_stage(_drawing("external"))),
    "table 2, row 4",
    SAN_COST,
    _both((76.1, 72.6), (94.3, 84.7)),
)
_add(
    "san_partial",
    "fine-tunes a trained SAN (--from) on whole and partial images",
    (partial_stage(san_stage(SanConfig(), GIVEN)),),
    "table 4, SAN*; how it is fine-tuned is ours",
    "40 epochs of the reID set and as many synthetic images, 7.2 GMAC an image forward",
    TABLE_4,
    "Starts from that SAN.",
)
_add(
    "san_baseline_partial",
    "fine-tunes a trained baseline (--from) on whole and partial images",
    (partial_stage(baseline_stage(GIVEN)),),
    "table 4, Baseline*; how it is fine-tuned is ours",
    "40 epochs of the reID set, 4.1 GMAC an image forward",
    TABLE_4_BASELINE,
    "Starts from that baseline.",
)
_add(
    "san_texture_input",
    "the baseline on textures in place of images",
    (pg_stage(), texture_input_stage()),
    "section 4.3, told without numbers",
    f"{PG_50_COST}; textures of all images; 320 epochs of them, 8.1 GMAC each forward",
)
for _name, _architecture, _backbone, _gmac in (
    ("san_pg", "san_resnet50", "ResNet-50", 7.2),
    ("san_pg_resnet101", "san_resnet101", "ResNet-101", 9.6),
    ("san_pg_densenet121", "san_densenet121", "DenseNet-121", 5.0),
):
    _add(
        _name,
        f"SAN-PG alone, on {_backbone}: a generator of textures",
        (pg_stage(encoder=EncoderConfig(_architecture)),),
        "section 3.2, step 1; other backbones in section 4.3, told without numbers; its "
        "hyper-parameters are ours",
        PG_COST.format(_gmac),
    )
