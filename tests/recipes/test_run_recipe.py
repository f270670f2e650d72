"""Runs of recipes, and targets that one stage draws for the next."""

import os
import pty
import select
from collections import Counter
from contextlib import redirect_stderr
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_people import IMAGES, TRAINING, write_files

from reid_align.datasets import ReidDataset
from reid_align.errors import EvaluationChangedError, InvalidInputError
from reid_align.recipes import (
    RECIPES,
    ComputeOptions,
    default_loader_workers,
    load_recipe_data,
    override_settings,
    prepare,
    run_recipe,
    smoke_test,
)
from reid_align.unwrapping import load_unwrapper

ONE_STEP = ["pg.training.steps_per_epoch=1", "training.steps_per_epoch=1"]


def test_run_folder_can_have_the_name_of_a_stage(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = load_recipe_data(f"synthetic={people}")
    recipe = override_settings(smoke_test(RECIPES["san_baseline"]), ["training.steps_per_epoch=1"])
    name = recipe.last.name
    run_recipe(prepare(recipe, data, initial="random"), data, Path(name), ComputeOptions("cpu"))
    again = prepare(recipe, data, run=name)
    # It must not be looked up in "other", which the stage of that name writes.
    assert run_recipe(again, data, Path("other"), ComputeOptions("cpu")).steps == 1


def test_run_is_not_resumed_with_another_evaluation_set(
    people: Path, table: Path, tmp_path: Path
) -> None:
    scored = load_recipe_data(f"synthetic={people}", evaluation=f"csv={table}")
    recipe = override_settings(smoke_test(RECIPES["san_baseline"]), ["training.steps_per_epoch=1"])
    ready = prepare(recipe, scored, initial="random")
    run_recipe(ready, scored, tmp_path, ComputeOptions("cpu"))
    assert run_recipe(ready, scored, tmp_path, ComputeOptions("cpu")).steps == 1
    other = load_recipe_data(f"synthetic={people}", evaluation=f"synthetic={people}")
    with pytest.raises(EvaluationChangedError, match=r"dataset was csv and is synthetic"):
        run_recipe(ready, other, tmp_path, ComputeOptions("cpu"))
    # The same dataset with fewer gallery images is other data, too.
    changed = replace(scored, evaluation=_with_fewer_images(scored.evaluation))
    with pytest.raises(EvaluationChangedError, match=r"scored_on\.splits\.test\.fingerprint was"):
        run_recipe(ready, changed, tmp_path, ComputeOptions("cpu"))


def test_new_evaluation_discards_the_scores_of_the_earlier_data(
    people: Path, table: Path, tmp_path: Path
) -> None:
    scored = load_recipe_data(f"synthetic={people}", evaluation=f"csv={table}")
    recipe = override_settings(smoke_test(RECIPES["san_baseline"]), ["training.steps_per_epoch=1"])
    ready = prepare(recipe, scored, initial="random")
    first = run_recipe(ready, scored, tmp_path, ComputeOptions("cpu"))
    other = load_recipe_data(f"synthetic={people}", evaluation=f"synthetic={people}")
    second = run_recipe(ready, other, tmp_path, ComputeOptions("cpu"), new_evaluation=True)
    assert second.steps == first.steps == 1
    assert not second.nothing_to_do
    assert second.best == second.latest
    # From now on, the run belongs to the new data.
    again = run_recipe(ready, other, tmp_path, ComputeOptions("cpu"), new_evaluation=True)
    assert again.nothing_to_do
    with pytest.raises(EvaluationChangedError, match="was synthetic and is csv"):
        run_recipe(ready, scored, tmp_path, ComputeOptions("cpu"))


def test_evaluation_set_without_a_match_is_refused_before_the_training(
    people: Path, table: Path
) -> None:
    scored = load_recipe_data(f"synthetic={people}", evaluation=f"csv={table}")
    assert scored.evaluation is not None
    (split,) = scored.evaluation.splits
    strangers = tuple(replace(record, person_id=99) for record in split.gallery)
    evaluation = replace(scored.evaluation, splits=(replace(split, gallery=strangers),))
    with pytest.raises(InvalidInputError, match="No query has a match"):
        prepare(smoke_test(RECIPES["san_baseline"]), replace(scored, evaluation=evaluation))


def _with_fewer_images(dataset: ReidDataset | None) -> ReidDataset:
    assert dataset is not None
    (split,) = dataset.splits
    return replace(dataset, splits=(replace(split, gallery=split.gallery[1:]),))


@pytest.mark.parametrize(("cores", "workers"), [(1, 0), (7, 3), (24, 8)])
def test_default_workers_are_half_of_the_available_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, workers: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert default_loader_workers() == workers


def test_progress_bar_can_be_disabled(
    people: Path, table: Path, generator: str, tmp_path: Path
) -> None:
    data = load_recipe_data(f"csv={table}", synthetic=str(people))
    recipe = override_settings(smoke_test(RECIPES["san_full"]), ["training.steps_per_epoch=1"])
    ready = prepare(recipe, data, run=generator)
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w") as terminal, redirect_stderr(terminal):
        run_recipe(ready, data, tmp_path, ComputeOptions("cpu"))
        assert not select.select([reader], [], [], 0)[0]
    os.close(reader)
    assert (tmp_path / "textures" / "images" / "0_0.png").is_file()


@pytest.mark.slow
def test_frontal_images_are_drawn_by_the_generator(people: Path, tmp_path: Path) -> None:
    table = write_files(tmp_path / "data")
    # Not a training image.
    (table.parent / "images" / f"{TRAINING}_0.jpg").write_bytes(b"no image")
    data = load_recipe_data(f"csv={table}", synthetic=str(people))
    recipe = prepare(override_settings(smoke_test(RECIPES["san_rec_pose"]), ONE_STEP), data)
    summary = run_recipe(recipe, data, tmp_path / "run", ComputeOptions("cpu"))
    assert summary.folder == tmp_path / "run" / "san"
    assert summary.steps == 1
    frontals = tmp_path / "run" / "frontals"
    # The output folder mirrors the dataset folder and has a file for each training image.
    identities = [path.stem[0] for path in (frontals / "images").iterdir()]
    assert Counter(identities) == dict.fromkeys(map(str, range(TRAINING)), IMAGES)
    # Only textures have a mask.
    assert not (frontals / "texture_mask.png").exists()
    drawn = np.asarray(Image.open(frontals / "images" / "0_0.png"))
    assert drawn.shape == (64, 32, 3)
    unwrapper = load_unwrapper("texture", [str(tmp_path / "run" / "pg")])
    image = np.array(Image.open(table.parent / "images" / "0_0.jpg"))
    np.testing.assert_allclose(drawn, unwrapper(image[None])[0], atol=1)
