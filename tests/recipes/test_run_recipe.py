"""What one stage draws for the next, where the files do not come with it."""

import os
import pty
import select
from collections import Counter
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_people import IMAGES, TRAINING, write_files

from reid_align.errors import OutputError
from reid_align.recipes import (
    RECIPES,
    Machine,
    default_workers,
    override,
    prepare,
    read_data,
    run_recipe,
    tiny,
)
from reid_align.unwrapping import load_unwrapper

ONE_STEP = ["pg.training.steps_per_epoch=1", "training.steps_per_epoch=1"]


def test_a_run_named_like_a_stage_is_a_run(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = read_data(f"synthetic={people}")
    recipe = override(tiny(RECIPES["san_baseline"]), ["training.steps_per_epoch=1"])
    name = recipe.last.name
    run_recipe(prepare(recipe, data, initial="random"), data, Path(name), Machine("cpu"))
    again = prepare(recipe, data, run=name)
    # It was looked for in "other", which that stage is about to write.
    assert run_recipe(again, data, Path("other"), Machine("cpu")).steps == 1


def test_a_run_goes_on_only_with_the_set_that_it_was_scored_on(
    people: Path, table: Path, tmp_path: Path
) -> None:
    scored = read_data(f"synthetic={people}", evaluation=f"csv={table}")
    recipe = override(tiny(RECIPES["san_baseline"]), ["training.steps_per_epoch=1"])
    ready = prepare(recipe, scored, initial="random")
    run_recipe(ready, scored, tmp_path, Machine("cpu"))
    assert run_recipe(ready, scored, tmp_path, Machine("cpu")).steps == 1
    other = read_data(f"synthetic={people}", evaluation=f"synthetic={people}")
    with pytest.raises(OutputError, match="scored_on was csv and is synthetic"):
        run_recipe(ready, other, tmp_path, Machine("cpu"))


@pytest.mark.parametrize(("cores", "workers"), [(1, 0), (7, 3), (24, 8)])
def test_half_of_the_cores_that_the_process_may_use_decode(
    monkeypatch: pytest.MonkeyPatch, cores: int, workers: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert default_workers() == workers


def test_without_progress_no_stage_shows_a_bar(
    people: Path, table: Path, generator: str, tmp_path: Path
) -> None:
    data = read_data(f"csv={table}", synthetic=str(people))
    recipe = override(tiny(RECIPES["san_full"]), ["training.steps_per_epoch=1"])
    ready = prepare(recipe, data, run=generator)
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w") as terminal, redirect_stderr(terminal):
        run_recipe(ready, data, tmp_path, Machine("cpu"))
        assert not select.select([reader], [], [], 0)[0]
    os.close(reader)
    assert (tmp_path / "textures" / "images" / "0_0.png").is_file()


def test_persons_from_the_front_are_drawn_by_the_generator(people: Path, tmp_path: Path) -> None:
    table = write_files(tmp_path / "data")
    # Nobody is trained on this one.
    (table.parent / "images" / f"{TRAINING}_0.jpg").write_bytes(b"no image")
    data = read_data(f"csv={table}", synthetic=str(people))
    recipe = prepare(override(tiny(RECIPES["san_rec_pose"]), ONE_STEP), data)
    summary = run_recipe(recipe, data, tmp_path / "run", Machine("cpu"))
    assert summary.folder == tmp_path / "run" / "san"
    assert summary.steps == 1
    frontals = tmp_path / "run" / "frontals"
    # Images are in a folder of their own in the dataset; all training images, and no others,
    # have their counterpart.
    persons = [path.stem[0] for path in (frontals / "images").iterdir()]
    assert Counter(persons) == dict.fromkeys(map(str, range(TRAINING)), IMAGES)
    # The mask belongs to textures.
    assert not (frontals / "texture_mask.png").exists()
    drawn = np.asarray(Image.open(frontals / "images" / "0_0.png"))
    assert drawn.shape == (64, 32, 3)
    unwrapper = load_unwrapper("texture", [str(tmp_path / "run" / "pg")])
    image = np.array(Image.open(table.parent / "images" / "0_0.jpg"))
    np.testing.assert_allclose(drawn, unwrapper(image[None])[0], atol=1)
