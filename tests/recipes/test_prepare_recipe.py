"""What is wrong with a set-up is said before anything begins."""

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
from reid_align.recipes import RECIPES, Data, override, prepare, read_data, tiny
from reid_align.recipes.initial_weights import start
from reid_align.training.group import ProcessGroup
from reid_align.training.outputs import save_products


@pytest.fixture
def files(table: Path) -> Data:
    """Persons as files, without textures or dense maps, and no synthetic set."""
    return read_data(f"csv={table}")


def twin(name: str, *assignments: str) -> object:
    return override(tiny(RECIPES[name]), assignments)


@pytest.mark.parametrize(
    ("name", "assignments", "error", "message"),
    [
        ("san_full", (), InvalidInputError, "--synthetic FOLDER"),
        ("san_pg", (), InvalidInputError, "reid_align.synthesize makes one"),
        ("dsa_full", (), InvalidInputError, "Give --iuv FOLDER; .*unwrap IMAGES --to iuv"),
        ("san_partial", (), InvalidInputError, "name its folder with --from"),
        (
            "san_baseline",
            ("streams.reid.sampler.num_identities=7",),
            InvalidInputError,
            "6 persons to train on, and a batch has 7",
        ),
        ("san_baseline", ("task.encoder.arguments.heat=gap",), UnknownNameError, "'head'"),
    ],
)
def test_files_alone_do_not_do(
    name: str, assignments: tuple[str, ...], error: type[ReidAlignError], message: str, files: Data
) -> None:
    with pytest.raises(error, match=message):
        prepare(twin(name, *assignments), files)


def test_without_persons_nobody_is_told_apart(people: Path) -> None:
    with pytest.raises(InvalidInputError, match="--data cuhk03_detected=FOLDER"):
        prepare(twin("san_full"), read_data(synthetic=str(people)))


def test_external_images_have_to_be_given(table: Path, people: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"needs external .* Give --external FOLDER"):
        prepare(twin("san_rec_pngan"), read_data(f"csv={table}", synthetic=str(people)))


def test_a_synthetic_set_has_no_external_images(data: Data) -> None:
    with pytest.raises(InvalidInputError, match="has no such images"):
        prepare(twin("san_rec_pngan"), data)


def test_a_batch_must_be_shared_evenly(data: Data) -> None:
    with pytest.raises(InvalidInputError, match="share evenly"):
        prepare(twin("san_baseline"), data, group=ProcessGroup(0, 3))


def test_a_run_takes_the_place_of_all_stages_but_the_last(data: Data, generator: str) -> None:
    ready = prepare(twin("san_full"), data, run=generator)
    assert [stage.name for stage in ready.stages] == ["san"]
    assert (ready.last.initial, ready.last.unwrapper) == (generator, generator)


def test_textures_as_input_come_from_a_run_and_the_encoder_does_not(
    data: Data, generator: str
) -> None:
    ready = prepare(twin("san_texture_input"), data, run=generator)
    assert (ready.last.initial, ready.last.unwrapper) == ("random", generator)


def test_a_single_stage_starts_from_the_run(data: Data, generator: str) -> None:
    assert prepare(twin("san_baseline"), data, run=generator).last.initial == generator
    ready = prepare(twin("san_partial"), data, run=generator).last
    assert (ready.initial, ready.unwrapper) == (generator, generator)


def test_the_first_stage_may_start_from_something_else(data: Data, generator: str) -> None:
    encoder = f"{generator}/encoder.safetensors"
    ready = prepare(twin("san_full"), data, initial=encoder)
    assert [stage.initial for stage in ready.stages] == [encoder, "pg"]


@pytest.mark.parametrize("option", ["run", "initial"])
def test_weights_that_are_given_count_for_the_last_stage_too(
    data: Data, tmp_path: Path, option: str
) -> None:
    recipe = twin("dsa_two_branch")
    torch.manual_seed(1)
    given = recipe.last.task.build(TRAINING)
    save_products(tmp_path, given.eval().products())
    source = tmp_path if option == "run" else tmp_path / "encoder.safetensors"
    stage = prepare(recipe, data, **{option: str(source)}).last
    torch.manual_seed(2)
    task = stage.task.build(TRAINING)
    start(task, stage.initial, stage.fresh)
    held = given.encoder.state_dict()
    for name, tensor in task.encoder.state_dict().items():
        assert torch.equal(tensor, held[name]), name
    # Beside ImageNet's weights both heads stay random, whoever names those.
    fresh = prepare(recipe, data, initial="imagenet").last.fresh
    assert fresh == ("layer4.", "local4.")


def test_published_encoders_draw_no_textures(people: Path, table: Path) -> None:
    files = read_data(f"csv={table}", synthetic=str(people))
    with pytest.raises(InvalidInputError, match=r"come without the decoder.*--textures FOLDER"):
        prepare(twin("san_full"), files, run="san_resnet50.synthetic")


def test_persons_from_the_front_come_from_the_set_or_from_a_folder(
    data: Data, table: Path, people: Path
) -> None:
    held = prepare(twin("san_rec_pose"), data)
    assert held.last.task.decoder.target == "frontal"
    files = read_data(f"csv={table}", synthetic=str(people))
    drawn = prepare(twin("san_rec_pose"), files)
    assert drawn.last.task.decoder.target == "external"
    assert drawn.stages[0].task.decoder.target == "frontal"


def test_where_one_gallery_image_is_drawn_rank_1_decides(data: Data, people: Path) -> None:
    scored = read_data(f"synthetic={people}", evaluation=f"synthetic={people}")
    assert prepare(twin("san_baseline"), scored).last.training.best == "mAP"
    assert scored.evaluation is not None
    drawn = replace(scored, evaluation=replace(scored.evaluation, protocol="single_gallery_shot"))
    assert prepare(twin("san_baseline"), drawn).last.training.best == "rank1"


def test_everything_that_is_missing_is_named_at_once(files: Data) -> None:
    with pytest.raises(InvalidInputError) as raised:
        prepare(twin("san_full"), Data())
    assert {"--data", "--synthetic"} <= set(str(raised.value).split())
    assert str(raised.value).count("--synthetic FOLDER") == 1
    with pytest.raises(InvalidInputError, match=r"with --from\. .*--synthetic FOLDER"):
        prepare(twin("san_partial"), files)


@pytest.mark.parametrize(
    ("name", "assignment", "message"),
    [
        ("san_full_official", "streams.reid.sampler.num_instances=3", "'san' cannot .* runs of 4"),
        ("san_full_official", "streams.reid.sampler.num_instances=8", "'san' cannot .* runs of 4"),
        ("san_full", "task.encoder.height=72", "'san' cannot learn from reid images .* decoder"),
        ("dense_uv", "task.height=0", "to 0×32 pixels"),
    ],
)
def test_what_the_networks_cannot_do_is_said_before_the_first_stage(
    name: str, assignment: str, message: str, data: Data
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        prepare(twin(name, assignment), data)


def test_a_rehearsal_leaves_the_global_generator_as_it_was(data: Data) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    prepare(twin("san_full"), data)
    assert torch.equal(torch.rand(3), expected)


def test_a_run_that_is_not_there_is_missed_before_anything_begins(
    data: Data, table: Path, people: Path, generator: str, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match=r"gone: there is no encoder\.safetensors"):
        prepare(twin("san_full"), data, run="gone")
    with pytest.raises(WeightsError, match=r"gone: there is no encoder\.safetensors"):
        prepare(twin("san_full"), data, initial="gone")
    files = read_data(f"csv={table}", synthetic=str(people))
    shutil.copy(f"{generator}/encoder.safetensors", tmp_path)
    with pytest.raises(WeightsError, match="no weights of the san_decoder"):
        prepare(twin("san_texture_input"), files, run=str(tmp_path))


def test_images_that_have_no_place_for_a_texture_are_refused(
    table: Path, people: Path, tmp_path: Path
) -> None:
    scattered = tmp_path / "lists" / "people.csv"
    scattered.parent.mkdir()
    rows = table.read_text().replace("images/", f"{table.parent}/images/")
    scattered.write_text(rows)
    data = read_data(f"csv={scattered}", synthetic=str(people))
    with pytest.raises(InvalidInputError, match=r"lies outside .*holds all images"):
        prepare(twin("san_full"), data)
    assert prepare(twin("san_baseline"), data).last.name == "baseline"


def test_two_images_for_one_texture_are_refused(people: Path, tmp_path: Path) -> None:
    table = write_files(tmp_path)
    shutil.copy(tmp_path / "images" / "0_0.jpg", tmp_path / "images" / "0_0.jpeg")
    with table.open("a") as file:
        file.write("images/0_0.jpeg,0,0,train\n")
    with pytest.raises(InvalidInputError, match="would both be unwrapped to textures/images"):
        prepare(twin("san_full"), read_data(f"csv={table}", synthetic=str(people)))
