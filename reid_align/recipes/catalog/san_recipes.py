"""Recipes of SAN: all rows of its tables 1, 2 and 4, and variants without numbers.

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
from reid_align.recipes.catalog.shared_settings import BASELINE_COST
from reid_align.recipes.recipe import GIVEN, PublishedResult, Recipe, Stage, add_recipe
from reid_align.tasks import DecoderConfig, DecoderTarget, EncoderConfig, SanConfig

PAPER = "SAN (arXiv:1905.13143)"
START = "Starts from ImageNet weights, as in the paper."
PG_COST = "80 epochs of the generator, {} GMAC per image forward, on the synthetic set"
PG_50_COST = PG_COST.format("7.0")
_SAN_COST = "{}; textures of all images; 320 epochs of the reID set, {} GMAC per image"
SAN_COST = _SAN_COST.format(PG_50_COST, "7.0")
SYNTHETIC_COST = f"{SAN_COST}, and as many synthetic images"
# Skip connections add 0.2 GMAC.
OFFICIAL_COST = f"{_SAN_COST.format(PG_COST.format(7.2), 7.2)}, and as many synthetic images"
Scores = tuple[float, float]


def _cuhk03_and_market(cuhk03: Scores, market: Scores) -> tuple[PublishedResult, ...]:
    """Return results (rank-1, mAP) on CUHK03 labeled and on Market-1501."""
    return PublishedResult("cuhk03_labeled", *cuhk03), PublishedResult("market1501", *market)


TABLE_3 = (
    PublishedResult("cuhk03_detected", 79.4, 74.6),
    PublishedResult("dukemtmc", 87.9, 75.5),
    PublishedResult("msmt17_v1", 79.2, 55.7),
)
TABLE_3_BASELINE = (
    PublishedResult("cuhk03_detected", 69.7, 66.1),
    PublishedResult("dukemtmc", 85.9, 71.8),
    PublishedResult("msmt17_v1", 73.8, 47.2),
)
TABLE_4 = (
    PublishedResult("partial_reid", 44.7, rank5=72.4, rank10=86.0),
    PublishedResult("partial_ilids", 53.7, rank5=77.4, rank10=81.9),
)
TABLE_4_BASELINE = (
    PublishedResult("partial_reid", 38.9, rank5=67.7, rank10=78.2),
    PublishedResult("partial_ilids", 46.1, rank5=69.6, rank10=76.1),
)
# Without fine-tuning on partial images.
TABLE_4_WHOLE = (
    PublishedResult("partial_reid", 39.7, rank5=67.5, rank10=80.5),
    PublishedResult("partial_ilids", 46.9, rank5=71.2, rank10=78.2),
)
TABLE_4_WHOLE_BASELINE = (
    PublishedResult("partial_reid", 37.8, rank5=65.0, rank10=74.5),
    PublishedResult("partial_ilids", 42.0, rank5=65.5, rank10=73.2),
)
# Adam keeps one second moment for both streams, and synthetic gradients are smaller.
SHARED_ADAM = (
    "Ours: reID and synthetic batches alternate in one Adam, which makes the reID steps about 1.4 "
    "times as large as without synthetic batches. The optimizer setting state_per_stream gives "
    "each stream separate moments."
)
BASIC = SanConfig(constraint_weight=0.0, synthetic=False)


def _with_target(target: DecoderTarget) -> SanConfig:
    """Return san_basic with another decoder target."""
    return replace(BASIC, decoder=DecoderConfig(target))


def _add(
    name: str,
    purpose: str,
    stages: tuple[Stage, ...],
    source: str,
    cost: str,
    expected: tuple[PublishedResult, ...] = (),
    start: str = START,
) -> None:
    add_recipe(Recipe(name, purpose, stages, f"{PAPER}, {source}. {start}", cost, expected))


_add(
    "san_baseline",
    "the baseline: ResNet-50 with an identity and a triplet loss",
    (baseline_stage(),),
    "table 1, row 1; tables 2, 3 and 4",
    BASELINE_COST,
    (*_cuhk03_and_market((73.7, 69.8), (94.1, 83.2)), *TABLE_3_BASELINE, *TABLE_4_WHOLE_BASELINE),
)
_add(
    "san_baseline_pginit",
    "our control: the baseline, started from SAN-PG like all rows of SAN",
    (pg_stage(), baseline_stage(PG)),
    "not in table 1; measures the gain of the initial weights",
    f"{PG_50_COST}; {BASELINE_COST}",
)
_add(
    "san_basic",
    "SAN with the texture reconstruction loss only",
    (pg_stage(), san_stage(BASIC)),
    "table 1, row 2; table 2, row 5",
    SAN_COST,
    _cuhk03_and_market((77.9, 73.7), (95.1, 85.8)),
)
_add(
    "san_basic_tr",
    "san_basic with the Triplet-ReID constraint",
    (pg_stage(), san_stage(SanConfig(synthetic=False))),
    "table 1, row 3",
    SAN_COST,
    _cuhk03_and_market((78.9, 74.9), (95.4, 86.9)),
)
_add(
    "san_basic_syn",
    "san_basic with additional synthetic batches",
    (pg_stage(), san_stage(SanConfig(constraint_weight=0.0))),
    "table 1, row 4",
    SYNTHETIC_COST,
    _cuhk03_and_market((78.8, 75.8), (95.7, 86.8)),
    f"{START} {SHARED_ADAM}",
)
_add(
    "san_full",
    "SAN: textures, the Triplet-ReID constraint and synthetic batches",
    (pg_stage(), san_stage(SanConfig())),
    "table 1, row 5; tables 3 and 4",
    SYNTHETIC_COST,
    (*_cuhk03_and_market((80.1, 76.4), (96.1, 88.0)), *TABLE_3, *TABLE_4_WHOLE),
    f"{START} {SHARED_ADAM}",
)
_add(
    "san_full_official",
    "SAN with all settings of its official code",
    (pg_stage(skips=True), official_stage()),
    "its official code (microsoft, MIT), which lacks the generator's training and synthetic "
    "batches; both are as in san_full, but with the official decoder, which has skip connections. "
    "The optimizer of the texture losses has one state for reID and synthetic batches",
    OFFICIAL_COST,
)
_add(
    "san_rec_input",
    "reconstructs the input image instead of the texture",
    (pg_stage("input"), san_stage(_with_target("input"))),
    "table 2, row 2",
    SAN_COST,
    _cuhk03_and_market((74.4, 70.8), (94.3, 84.0)),
)
_add(
    "san_rec_pose",
    "reconstructs a frontal image instead of the texture",
    (pg_stage("frontal"), san_stage(_with_target("frontal"))),
    "table 2, row 3",
    SAN_COST,
    _cuhk03_and_market((75.8, 72.0), (94.4, 84.5)),
)
_add(
    "san_rec_pngan",
    "reconstructs the images of PN-GAN from a folder of external images",
    (pg_stage("frontal"), san_stage(_with_target("external"))),
    "table 2, row 4",
    SAN_COST,
    _cuhk03_and_market((76.1, 72.6), (94.3, 84.7)),
)
_add(
    "san_partial",
    "fine-tunes a trained SAN on whole and partial images",
    (partial_stage(san_stage(SanConfig(), GIVEN)),),
    "table 4, SAN*; the fine-tuning settings are ours",
    "40 epochs of the reID set and as many synthetic images, 7.0 GMAC per image forward",
    TABLE_4,
    f"Starts from that SAN. {SHARED_ADAM}",
)
_add(
    "san_baseline_partial",
    "fine-tunes a trained baseline on whole and partial images",
    (partial_stage(baseline_stage(GIVEN)),),
    "table 4, Baseline*; the fine-tuning settings are ours",
    "40 epochs of the reID set, 4.1 GMAC per image forward",
    TABLE_4_BASELINE,
    "Starts from that baseline.",
)
_add(
    "san_texture_input",
    "the baseline on textures instead of images",
    (pg_stage(), texture_input_stage()),
    "section 4.3, without published numbers",
    f"{PG_50_COST}; textures of all images; 320 epochs of them, 8.1 GMAC each forward",
)
for _name, _architecture, _backbone, _gmac in (
    ("san_pg", "san_resnet50", "ResNet-50", "7.0"),
    ("san_pg_resnet101", "san_resnet101", "ResNet-101", 9.4),
    ("san_pg_densenet121", "san_densenet121", "DenseNet-121", 4.9),
):
    _add(
        _name,
        f"SAN-PG alone, on {_backbone}: a generator of textures",
        (pg_stage(encoder=EncoderConfig(_architecture)),),
        "section 3.2, step 1; other backbones in section 4.3, without published "
        "numbers; the hyper-parameters are ours",
        PG_COST.format(_gmac),
    )
