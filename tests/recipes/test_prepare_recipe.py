"""Errors in settings and data are reported before the training starts."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_people import TRAINING, write_files

from reid_align.errors import (
    InvalidInputError,
    ReidAlignError,
    UnknownNameError,
    WeightsError,
)
from reid_align.recipes import (
    RECIPES,
    RecipeData,
    RecipeInputError,
    load_recipe_data,
    override_settings,
    prepare,
    smoke_test,
)
from reid_align.recipes.initial_weights import initialize_task
from reid_align.training.distributed import ProcessGroup
from reid_align.training.saving.run_artifacts import save_products


@pytest.fixture
def files(table: Path) -> RecipeData:
    """Image files without textures or dense pose maps, and no synthetic set."""
    return load_recipe_data(f"csv={table}")


def small_recipe(name: str, *assignments: str) -> object:
    return override_settings(smoke_test(RECIPES[name]), assignments)


@pytest.mark.parametrize(
    ("name", "assignments", "error", "message"),
    [
        ("san_full", (), InvalidInputError, "no synthetic set was given"),
        ("san_pg", (), InvalidInputError, "no synthetic set was given"),
        ("dsa_full", (), InvalidInputError, "needs iuv data for every training image"),
        ("san_partial", (), InvalidInputError, "starts from an earlier run, and none was given"),
        (
            "san_baseline",
            ("streams.reid.sampler.num_identities=7",),
            InvalidInputError,
            "needs 7 identities, but the training images have 6",
        ),
        ("san_baseline", ("task.encoder.arguments.heat=gap",), UnknownNameError, "'head'"),
    ],
)
def test_missing_data_and_wrong_settings_are_refused(
    name: str,
    assignments: tuple[str, ...],
    error: type[ReidAlignError],
    message: str,
    files: RecipeData,
) -> None:
    with pytest.raises(error, match=message):
        prepare(small_recipe(name, *assignments), files)


def test_missing_training_dataset_is_refused(people: Path) -> None:
    with pytest.raises(InvalidInputError, match="no training dataset was given"):
        prepare(small_recipe("san_full"), load_recipe_data(synthetic=str(people)))


def test_missing_external_images_are_refused(table: Path, people: Path) -> None:
    with pytest.raises(InvalidInputError, match="needs external data"):
        prepare(
            small_recipe("san_rec_pngan"), load_recipe_data(f"csv={table}", synthetic=str(people))
        )


def test_synthetic_set_has_no_external_images(data: RecipeData) -> None:
    with pytest.raises(InvalidInputError, match="available: frontal, iuv, texture"):
        prepare(small_recipe("san_rec_pngan"), data)


def test_batches_must_be_divisible_by_the_processes(data: RecipeData) -> None:
    with pytest.raises(InvalidInputError, match="share evenly"):
        prepare(small_recipe("san_baseline"), data, group=ProcessGroup(0, 3))


def test_run_replaces_all_stages_but_the_last(data: RecipeData, generator: str) -> None:
    ready = prepare(small_recipe("san_full"), data, run=generator)
    assert [stage.name for stage in ready.stages] == ["san"]
    assert (ready.last.initial, ready.last.unwrapper) == (generator, generator)


def test_run_draws_textures_as_input_without_initializing_the_encoder(
    data: RecipeData, generator: str
) -> None:
    ready = prepare(small_recipe("san_texture_input"), data, run=generator)
    assert (ready.last.initial, ready.last.unwrapper) == ("random", generator)


def test_recipe_of_one_stage_starts_from_the_run(data: RecipeData, generator: str) -> None:
    assert prepare(small_recipe("san_baseline"), data, run=generator).last.initial == generator
    ready = prepare(small_recipe("san_partial"), data, run=generator).last
    assert (ready.initial, ready.unwrapper) == (generator, generator)


def test_initial_weights_of_the_first_stage_can_be_replaced(
    data: RecipeData, generator: str
) -> None:
    encoder = f"{generator}/encoder.safetensors"
    ready = prepare(small_recipe("san_full"), data, initial=encoder)
    assert [stage.initial for stage in ready.stages] == [encoder, "pg"]


@pytest.mark.parametrize("option", ["run", "initial"])
def test_given_weights_also_initialize_the_last_layers(
    data: RecipeData, tmp_path: Path, option: str
) -> None:
    recipe = small_recipe("dsa_two_branch")
    torch.manual_seed(1)
    given = recipe.last.task.build(TRAINING)
    save_products(tmp_path, given.eval().products())
    source = tmp_path if option == "run" else tmp_path / "encoder.safetensors"
    stage = prepare(recipe, data, **{option: str(source)}).last
    torch.manual_seed(2)
    task = stage.task.build(TRAINING)
    initialize_task(task, stage.initial, stage.fresh)
    held = given.encoder.state_dict()
    for name, tensor in task.encoder.state_dict().items():
        assert torch.equal(tensor, held[name]), name
    # With ImageNet weights both heads stay random.
    fresh = prepare(recipe, data, initial="imagenet").last.fresh
    assert fresh == ("layer4.", "local4.")


def test_published_encoders_cannot_draw_textures(people: Path, table: Path) -> None:
    files = load_recipe_data(f"csv={table}", synthetic=str(people))
    with pytest.raises(InvalidInputError, match="come without the decoder"):
        prepare(small_recipe("san_full"), files, run="san_resnet50.synthetic")


def test_frontal_images_come_from_the_set_or_from_a_folder(
    data: RecipeData, table: Path, people: Path
) -> None:
    held = prepare(small_recipe("san_rec_pose"), data)
    assert held.last.task.decoder.target == "frontal"
    files = load_recipe_data(f"csv={table}", synthetic=str(people))
    drawn = prepare(small_recipe("san_rec_pose"), files)
    assert drawn.last.task.decoder.target == "external"
    assert drawn.stages[0].task.decoder.target == "frontal"


def test_rank1_selects_the_best_weights_without_an_map(data: RecipeData, people: Path) -> None:
    scored = load_recipe_data(f"synthetic={people}", evaluation=f"synthetic={people}")
    assert prepare(small_recipe("san_baseline"), scored).last.training.best == "mAP"
    assert scored.evaluation is not None
    drawn = replace(scored, evaluation=replace(scored.evaluation, protocol="single_gallery_shot"))
    assert prepare(small_recipe("san_baseline"), drawn).last.training.best == "rank1"


def test_all_missing_inputs_are_named_in_one_error(files: RecipeData) -> None:
    with pytest.raises(RecipeInputError) as raised:
        prepare(small_recipe("san_full"), RecipeData())
    assert sorted(raised.value.arguments) == ["reid", "synthetic"]
    assert str(raised.value).count("no synthetic set was given") == 1
    with pytest.raises(RecipeInputError, match=r"earlier run.*no synthetic set") as raised:
        prepare(small_recipe("san_partial"), files)
    assert set(raised.value.arguments) >= {"run", "synthetic"}


@pytest.mark.parametrize(
    ("name", "assignment", "message"),
    [
        (
            "san_full_official",
            "streams.reid.sampler.num_instances=3",
            "'san' cannot .* 4 consecutive images",
        ),
        (
            "san_full_official",
            "streams.reid.sampler.num_instances=8",
            "'san' cannot .* 4 consecutive images",
        ),
        ("san_full", "task.encoder.height=72", "'san' cannot train on reid images .* decoder"),
        ("dense_uv", "task.height=0", "height 0 and width 32"),
    ],
)
def test_dry_run_finds_settings_that_the_networks_do_not_accept(
    name: str, assignment: str, message: str, data: RecipeData
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        prepare(small_recipe(name, assignment), data)


def test_dry_run_does_not_change_the_global_generator(data: RecipeData) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    prepare(small_recipe("san_full"), data)
    assert torch.equal(torch.rand(3), expected)


def test_missing_run_is_refused_before_the_training(
    data: RecipeData, table: Path, people: Path, generator: str, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match=r"gone: no such file or folder"):
        prepare(small_recipe("san_full"), data, run="gone")
    with pytest.raises(WeightsError, match=r"gone: no such file or folder"):
        prepare(small_recipe("san_full"), data, initial="gone")
    files = load_recipe_data(f"csv={table}", synthetic=str(people))
    shutil.copy(f"{generator}/encoder.safetensors", tmp_path)
    with pytest.raises(WeightsError, match="No weights of san_decoder"):
        prepare(small_recipe("san_texture_input"), files, run=str(tmp_path))


def test_images_outside_the_dataset_folder_cannot_get_textures(
    table: Path, people: Path, tmp_path: Path
) -> None:
    scattered = tmp_path / "lists" / "people.csv"
    scattered.parent.mkdir()
    rows = table.read_text().replace("images/", f"{table.parent}/images/")
    scattered.write_text(rows)
    data = load_recipe_data(f"csv={scattered}", synthetic=str(people))
    with pytest.raises(InvalidInputError, match=r"is outside .*contains all images"):
        prepare(small_recipe("san_full"), data)
    assert prepare(small_recipe("san_baseline"), data).last.name == "baseline"


def test_two_images_with_the_same_texture_file_are_refused(people: Path, tmp_path: Path) -> None:
    table = write_files(tmp_path)
    shutil.copy(tmp_path / "images" / "0_0.jpg", tmp_path / "images" / "0_0.jpeg")
    with table.open("a") as file:
        file.write("images/0_0.jpeg,0,0,train\n")
    with pytest.raises(InvalidInputError, match="have the same output file textures/images"):
        prepare(small_recipe("san_full"), load_recipe_data(f"csv={table}", synthetic=str(people)))
