"""What is wrong with a set-up is said before anything begins."""

from dataclasses import replace
from pathlib import Path

import pytest

from reid_align.errors import InvalidInputError, ReidAlignError, UnknownNameError
from reid_align.recipes import RECIPES, Data, override, prepare, read_data, tiny
from reid_align.training.group import ProcessGroup


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
            ("streams.reid.batching.people=7",),
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


def test_external_pictures_have_to_be_given(table: Path, people: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"needs external .* Give --external FOLDER"):
        prepare(twin("san_rec_pngan"), read_data(f"csv={table}", synthetic=str(people)))


def test_a_synthetic_set_has_no_external_pictures(data: Data) -> None:
    with pytest.raises(InvalidInputError, match="has no such pictures"):
        prepare(twin("san_rec_pngan"), data)


def test_a_batch_must_be_shared_evenly(data: Data) -> None:
    with pytest.raises(InvalidInputError, match="share evenly"):
        prepare(twin("san_baseline"), data, group=ProcessGroup(0, 3))


def test_a_run_takes_the_place_of_all_stages_but_the_last(data: Data) -> None:
    ready = prepare(twin("san_full"), data, run="runs/pg")
    assert [stage.name for stage in ready.stages] == ["san"]
    assert (ready.last.initial, ready.last.unwrapper) == ("runs/pg", "runs/pg")


def test_textures_as_input_come_from_a_run_and_the_encoder_does_not(data: Data) -> None:
    ready = prepare(twin("san_texture_input"), data, run="runs/pg")
    assert (ready.last.initial, ready.last.unwrapper) == ("random", "runs/pg")


def test_a_single_stage_starts_from_the_run(data: Data) -> None:
    assert prepare(twin("san_baseline"), data, run="runs/a").last.initial == "runs/a"
    ready = prepare(twin("san_partial"), data, run="runs/a").last
    assert (ready.initial, ready.unwrapper) == ("runs/a", "runs/a")


def test_the_first_stage_may_start_from_something_else(data: Data) -> None:
    ready = prepare(twin("san_full"), data, initial="encoder.safetensors")
    assert [stage.initial for stage in ready.stages] == ["encoder.safetensors", "pg"]


def test_persons_from_the_front_come_from_the_set_or_from_a_folder(
    data: Data, table: Path, people: Path
) -> None:
    held = prepare(twin("san_rec_pose"), data)
    assert held.last.task.decoder.target == "frontal"
    files = read_data(f"csv={table}", synthetic=str(people))
    drawn = prepare(twin("san_rec_pose"), files)
    assert drawn.last.task.decoder.target == "external"
    assert drawn.stages[0].task.decoder.target == "frontal"


def test_where_one_gallery_picture_is_drawn_rank_1_decides(data: Data, people: Path) -> None:
    scored = read_data(f"synthetic={people}", evaluation=f"synthetic={people}")
    assert prepare(twin("san_baseline"), scored).last.training.best == "mAP"
    assert scored.evaluation is not None
    drawn = replace(scored, evaluation=replace(scored.evaluation, protocol="single_gallery_shot"))
    assert prepare(twin("san_baseline"), drawn).last.training.best == "rank1"
