"""Recipes of the papers have the published hyper-parameters."""

import pytest

from reid_align.recipes import RECIPES, Stage
from reid_align.tasks import BaselineConfig, DsaConfig, SanConfig, SanPgConfig
from reid_align.training.lr_schedule import ScheduleConfig

SAN_ROWS = ["san_baseline", "san_basic", "san_basic_tr", "san_basic_syn", "san_full"]
SAN_ROWS += ["san_rec_input", "san_rec_pose", "san_rec_pngan", "san_baseline_pginit"]
DSA_ROWS = ["dsa_baseline", "dsa_baseline_re", "dsa_baseline_re_ls", "dsa_two_branch"]
DSA_ROWS += ["dsa_global", "dsa_local", "dsa_full", "dsa_csa", "dsa_concat_fc", "dsa_cuhk01"]


def last(name: str) -> Stage:
    return RECIPES[name].last


def learning_rate(schedule: ScheduleConfig, epoch: int) -> float:
    return schedule.learning_rate(8e-4, epoch, 320)


@pytest.mark.parametrize("name", SAN_ROWS + DSA_ROWS)
def test_optimizer_batch_and_epochs_are_those_of_dsa_section_4_2(name: str) -> None:
    stage = last(name)
    optimizer = stage.training.optimizers["main"]
    assert stage.training.epochs == 320
    assert (optimizer.kind, optimizer.lr, optimizer.weight_decay) == ("adam", 8e-4, 5e-4)
    assert optimizer.betas == (0.9, 0.999)
    assert stage.streams["reid"].sampler.batch_size == 64
    assert stage.streams["reid"].sampler.num_identities == 16
    halved = {20: 8e-4, 60: 4e-4, 300: 6.25e-6}
    for epoch, rate in halved.items():
        assert learning_rate(optimizer.schedule, epoch) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("name", "nineteenth"),
    [("san_full", 6.36e-4), ("san_baseline", 6.36e-4), ("dsa_full", 7.604e-4)],
)
def test_warm_up_ends_as_in_the_code_and_the_paper(name: str, nineteenth: float) -> None:
    schedule = last(name).training.optimizers["main"].schedule
    assert learning_rate(schedule, 0) == pytest.approx(8e-6)
    assert learning_rate(schedule, 19) == pytest.approx(nineteenth, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "constraint", "synthetic", "target"),
    [
        ("san_basic", 0.0, False, "texture"),
        ("san_basic_tr", 1.0, False, "texture"),
        ("san_basic_syn", 0.0, True, "texture"),
        ("san_full", 1.0, True, "texture"),
        ("san_rec_input", 0.0, False, "input"),
        ("san_rec_pose", 0.0, False, "frontal"),
        ("san_rec_pngan", 0.0, False, "external"),
    ],
)
def test_rows_of_san_have_the_settings_of_its_tables(
    name: str, constraint: float, synthetic: bool, target: str
) -> None:
    config = last(name).task
    assert isinstance(config, SanConfig)
    assert config.supervision.weights == {"identity": 0.5, "triplet": 1.5}
    assert config.reconstruction_weight == 1.0
    assert config.constraint_weight == constraint
    assert config.synthetic == synthetic
    assert config.decoder.target == target
    assert last(name).initial == "pg"
    first = RECIPES[name].stages[0].task.decoder.target
    assert first == ("frontal" if target == "external" else target)


def test_only_the_official_recipe_has_skip_connections_in_the_decoder() -> None:
    skips = {
        (name, stage.name): stage.task.decoder.skips
        for name in RECIPES
        for stage in RECIPES[name].stages
        if isinstance(stage.task, SanConfig | SanPgConfig)
    }
    assert len(skips) > 20
    assert {place for place, has_skips in skips.items() if has_skips} == {
        ("san_full_official", "pg"),
        ("san_full_official", "san"),
    }


def test_recipes_of_two_streams_say_that_one_optimizer_has_both() -> None:
    shared = {
        name
        for name in RECIPES
        if len(last(name).streams) > 1
        and not any(one.state_per_stream for one in last(name).training.optimizers.values())
    }
    assert {"san_full", "san_basic_syn", "san_modern", "san_partial"} < shared
    for name in shared - {"san_full_official"}:
        assert "state_per_stream" in RECIPES[name].source
    assert "one state for reID and synthetic batches" in RECIPES["san_full_official"].source


def test_official_recipe_has_the_official_settings() -> None:
    stage = last("san_full_official")
    config = stage.task
    assert config.decoder.skips
    assert config.supervision.weights == {"identity": 1.0, "triplet": 1.0}
    assert (config.constraint, config.step) == ("official", "alternating")
    assert config.encoder.arguments == {"head": "fc512"}
    assert stage.training.optimizers["main"].kind == "amsgrad"
    texture = stage.training.optimizers["texture"]
    assert (texture.kind, texture.lr, texture.betas, texture.weight_decay) == (
        "adam", 1e-5, (0.5, 0.999), 0.0
    )  # fmt: skip
    assert texture.schedule == ScheduleConfig()
    augment = stage.streams["reid"].augment
    assert (augment.flip_target, augment.erase_fill) == ("keep", "official")


@pytest.mark.parametrize(
    ("name", "erase", "smoothing"),
    [("dsa_baseline", 0.0, 0.0), ("dsa_baseline_re", 0.5, 0.0), ("dsa_baseline_re_ls", 0.5, 0.1)],
)
def test_baselines_of_dsa_differ_in_erasing_and_smoothing(
    name: str, erase: float, smoothing: float
) -> None:
    stage = last(name)
    assert isinstance(stage.task, BaselineConfig)
    assert stage.streams["reid"].augment.erase == erase
    assert stage.task.supervision.label_smoothing == smoothing
    assert (stage.initial, stage.fresh) == ("imagenet", ())


@pytest.mark.parametrize(
    ("name", "parts", "branches", "fusion"),
    [
        ("dsa_two_branch", "none", "both", "add"),
        ("dsa_global", "uv", "global", "add"),
        ("dsa_local", "uv", "local", "add"),
        ("dsa_full", "uv", "both", "add"),
        ("dsa_csa", "crops", "both", "add"),
        ("dsa_concat_fc", "uv", "both", "concat_fc"),
    ],
)
def test_rows_of_dsa_have_the_settings_of_its_tables(
    name: str, parts: str, branches: str, fusion: str
) -> None:
    stage = last(name)
    config = stage.task
    assert isinstance(config, DsaConfig)
    assert config.guide.part_images == parts
    assert config.encoder.arguments.get("branches", "both") == branches
    assert config.fusion == fusion
    assert config.main_identity_weight == 0.5
    assert config.supervision.weights == {"identity": 1.0, "triplet": 1.5}
    assert (config.supervision.label_smoothing, config.supervision.margin) == (0.1, 0.3)
    assert config.supervision.classifier == "two_layer"
    # Section 3.2.2: the heads of the main stream start at random.
    assert stage.fresh == ("layer4.", "local4.")


def test_dsa_mask_missing_enables_masking() -> None:
    masked, full = last("dsa_mask_missing").task, last("dsa_full").task
    assert masked.guide.mask_missing
    assert not full.guide.mask_missing


@pytest.mark.parametrize("name", ["san_partial", "san_baseline_partial"])
def test_partial_fine_tuning_starts_from_a_run(name: str) -> None:
    stage = last(name)
    optimizer = stage.training.optimizers["main"]
    assert stage.initial == "given"
    assert (stage.training.epochs, optimizer.lr) == (40, 8e-5)
    rates = [optimizer.schedule.learning_rate(8e-5, epoch, 40) for epoch in (0, 20, 30)]
    assert rates == pytest.approx([8e-5, 4e-5, 2e-5])
    assert stage.streams["reid"].augment.partial == 0.5


@pytest.mark.parametrize(
    ("name", "dataset", "rank1", "mean_ap"),
    [
        ("san_baseline", "market1501", 94.1, 83.2),
        ("san_basic", "cuhk03_labeled", 77.9, 73.7),
        ("san_basic_tr", "market1501", 95.4, 86.9),
        ("san_basic_syn", "cuhk03_labeled", 78.8, 75.8),
        ("san_full", "cuhk03_detected", 79.4, 74.6),
        ("san_full", "msmt17_v1", 79.2, 55.7),
        ("san_rec_input", "market1501", 94.3, 84.0),
        ("san_rec_pose", "cuhk03_labeled", 75.8, 72.0),
        ("san_rec_pngan", "market1501", 94.3, 84.7),
        ("dsa_baseline", "market1501", 91.2, 76.4),
        ("dsa_two_branch", "market1501", 94.0, 83.4),
        ("dsa_full", "market1501", 95.7, 87.6),
        ("dsa_full", "cuhk03_detected", 78.2, 73.1),
        ("dsa_csa", "market1501", 94.1, 84.1),
        ("dsa_concat_fc", "market1501", 93.0, 81.6),
        ("dsa_cuhk01_pretrained", "cuhk01", 90.4, None),
    ],
)
def test_expected_results_are_published(
    name: str, dataset: str, rank1: float, mean_ap: float | None
) -> None:
    found = [(e.rank1, e.mean_ap) for e in RECIPES[name].expected if e.dataset == dataset]
    assert (rank1, mean_ap) in found


@pytest.mark.parametrize("name", ["san_synthetic", "dsa_synthetic"])
def test_last_synthetic_stage_reduces_the_influence_of_cameras(name: str) -> None:
    *earlier, final = RECIPES[name].stages
    encoder, sampler = final.task.encoder, final.streams["reid"].sampler
    assert (encoder.smoothing, encoder.stretch, sampler.num_cameras) == (1.0, 0.01, 8)
    for stage in earlier:
        encoder, sampler = stage.task.encoder, stage.streams["reid"].sampler
        assert (encoder.smoothing, encoder.stretch, sampler.num_cameras) == (0.0, 0.0, 0)


@pytest.mark.parametrize("name", ["san_pg", "san_full", "san_pg_modern", "san_modern", "dense_uv"])
def test_networks_for_synthetic_images_have_the_camera_augmentation(name: str) -> None:
    augment = RECIPES[name].stages[0].streams["synthetic"].augment
    assert (augment.noise, augment.compress, augment.tint) == (0.8, 0.7, 0.12)
    assert augment.flip == (0.5 if name == "dense_uv" else 0.0)
    assert augment.erase == (0.0 if name == "dense_uv" else 0.5)
