from dataclasses import asdict, replace

import pytest

from benchmarks.papers.published import load_tables
from benchmarks.papers.scale import FULL, LIGHT, MEDIUM, SMALL, TINY, Scale, scale_record, scaled
from reid_align.models import list_models
from reid_align.recipes import RECIPES
from reid_align.tasks import EncoderTaskConfig

NAMES = sorted({row.recipe for t in load_tables().values() for row in t.rows if row.recipe})


def updates(name: str, scale: Scale) -> float:
    """Return how many updates with reID images the last stage of a row has at a scale."""
    training = scaled(RECIPES[name], scale).last.training
    batches = training.alternate.count("reid") / len(training.alternate)
    return training.epochs * training.steps_per_epoch * batches


@pytest.mark.parametrize("scale", [SMALL, MEDIUM], ids=lambda scale: scale.name)
@pytest.mark.parametrize("name", NAMES)
def test_rows_share_network_image_size_and_updates(name: str, scale: Scale) -> None:
    stage, original = scaled(RECIPES[name], scale).last, RECIPES[name].last
    encoder = stage.task.encoder
    assert encoder.architecture in list_models()
    assert "resnet18" in encoder.architecture
    assert (encoder.height, encoder.width) == (128, 64)
    assert updates(name, scale) == original.training.epochs // scale.shrink * scale.steps
    assert stage.streams["reid"] == original.streams["reid"]


@pytest.mark.parametrize("name", NAMES)
def test_light_rows_keep_the_losses_of_the_paper(name: str) -> None:
    stage, original = scaled(RECIPES[name], LIGHT).last, RECIPES[name].last
    encoder = stage.task.encoder
    assert encoder.architecture in list_models()
    assert "mobilenet_v2" in encoder.architecture
    assert isinstance(stage.task, EncoderTaskConfig)
    assert isinstance(original.task, EncoderTaskConfig)
    assert replace(stage.task, encoder=original.task.encoder) == original.task
    assert updates(name, LIGHT) == original.training.epochs // 5 * 92


def test_both_heads_of_light_dsa_reid_start_at_random() -> None:
    stage = scaled(RECIPES["dsa_full"], LIGHT).last
    names = [name for name, _ in stage.task.encoder.build().named_parameters()]
    kept = [name for name in names if not name.startswith(stage.fresh)]
    assert max(int(name.split(".")[1]) for name in kept if name.startswith("features.")) == 13
    assert {name.split(".")[0] for name in kept} == {"features"}


def test_scales_without_a_light_network_are_recorded_as_before() -> None:
    assert "backbone" not in scale_record(MEDIUM)
    assert scale_record(LIGHT)["backbone"] == "mobilenet_v2"


@pytest.mark.parametrize("name", ["san_baseline", "san_full", "dsa_full"])
def test_number_of_updates_of_the_main_rows(name: str) -> None:
    assert (updates(name, SMALL), updates(name, MEDIUM)) == (400, 1000)


@pytest.mark.parametrize("name", ["san_baseline", "san_full", "dsa_full"])
def test_learning_rate_schedule_is_compressed(name: str) -> None:
    shorter = Scale("shorter", shrink=20)
    small, full = scaled(RECIPES[name], shorter).last.training, RECIPES[name].last.training
    for epoch in range(small.epochs):
        rates = [
            one.optimizers["main"].schedule.learning_rate(8e-4, at, one.epochs)
            for one, at in ((small, epoch), (full, epoch * shorter.shrink))
        ]
        assert rates[0] == pytest.approx(rates[1])


@pytest.mark.parametrize("name", NAMES)
def test_small_rows_keep_the_proportion_of_their_learning_rates(name: str) -> None:
    full = RECIPES[name].last.training.optimizers["main"].lr
    small = scaled(RECIPES[name], SMALL).last.training.optimizers["main"]
    assert SMALL.peak is not None
    assert small.lr == pytest.approx(SMALL.peak * full / 8e-4)
    rates = [small.schedule.learning_rate(small.lr, epoch, 16) for epoch in range(1, 16)]
    assert rates == sorted(rates, reverse=True)
    assert max(rates) == small.lr


@pytest.mark.parametrize("name", ["san_partial", "san_baseline_partial"])
def test_fine_tuning_has_a_tenth_of_the_learning_rate(name: str) -> None:
    assert RECIPES[name].last.training.optimizers["main"].lr == 8e-5
    small = scaled(RECIPES[name], SMALL).last.training.optimizers["main"]
    assert small.lr == pytest.approx(5e-5)


def test_full_scale_changes_nothing() -> None:
    assert scaled(RECIPES["san_full"], FULL) == RECIPES["san_full"]


@pytest.mark.parametrize("name", ["san_full", "dsa_full"])
def test_contrastive_loss_replaces_the_triplet_loss_only(name: str) -> None:
    tasks = [scaled(RECIPES[name], SMALL).last.task, RECIPES[name].last.task]
    small, full = (
        asdict(task) | asdict(getattr(task, "supervision", task)) | {"encoder": None}
        for task in tasks
    )
    assert small["contrast_weight"] == full["triplet_weight"] > 0
    given = {"triplet_weight": 0.0, "contrast_weight": full["triplet_weight"]}
    if "supervision" in full:
        full["supervision"] = full["supervision"] | given
    assert small == full | given


@pytest.mark.parametrize("name", [*NAMES, "dense_uv"])
def test_tiny_scale_has_few_updates(name: str) -> None:
    for stage in scaled(RECIPES[name], TINY).stages:
        assert stage.training.epochs * stage.training.steps_per_epoch <= 8
        assert stage.initial != "imagenet"
        assert stage.task.preprocess.height == 64
