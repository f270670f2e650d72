"""Properties of every recipe and of its smoke test."""

from dataclasses import replace

import pytest
import torch

from reid_align.errors import InvalidInputError
from reid_align.recipes import (
    RECIPES,
    Recipe,
    list_recipes,
    override_settings,
    show_recipe,
    smoke_test,
)

NAMED = {name: RECIPES[name] for name in RECIPES}
ALL = [*NAMED.values(), *map(smoke_test, NAMED.values())]


@pytest.fixture(params=ALL, ids=lambda recipe: recipe.name)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return request.param


def test_recipe_has_purpose_source_and_cost(recipe: Recipe) -> None:
    assert recipe.purpose
    assert recipe.source
    assert recipe.cost


def test_shown_settings_can_be_set(recipe: Recipe) -> None:
    lines = [line.strip() for line in show_recipe(recipe).splitlines() if line.startswith("  ")]
    assignments = [line for line in lines if "=" in line.split(" ")[0]]
    assert len(assignments) > 30 * len(recipe.stages)
    assert override_settings(recipe, assignments) == recipe


def test_stages_can_be_built(recipe: Recipe) -> None:
    earlier = set()
    for stage in recipe.stages:
        with torch.device("meta"):
            task = stage.task.build(5)
        assert sorted(task.parameter_groups()) == sorted(stage.training.optimizers)
        assert dict(task.batch_specs()) == dict(stage.task.batch_specs())
        assert stage.initial in {"imagenet", "random", "given", *earlier}
        assert stage.unwrapper in {None, "given", *earlier}
        earlier.add(stage.name)


def test_smoke_tests_are_small_and_need_no_download() -> None:
    for recipe in map(smoke_test, NAMED.values()):
        for stage in recipe.stages:
            assert stage.task.preprocess.height == 64
            assert stage.initial != "imagenet"
            with torch.device("meta"):
                parameters = sum(p.numel() for p in stage.task.build(5).parameters())
            assert parameters < 40e6


def test_list_has_one_line_per_recipe() -> None:
    lines = list_recipes(NAMED.values()).splitlines()
    assert [line.split()[0] for line in lines] == sorted(NAMED)
    assert max(map(len, lines)) <= 100


def test_all_rows_of_both_papers_have_recipes() -> None:
    rows = "baseline basic basic_tr basic_syn full rec_input rec_pose rec_pngan partial"
    assert {f"san_{row}" for row in rows.split()} <= set(NAMED)
    rows = "baseline baseline_re baseline_re_ls two_branch global local full csa concat_fc cuhk01"
    assert {f"dsa_{row}" for row in rows.split()} <= set(NAMED)
    modern = {"baseline_modern", "san_pg_modern", "san_modern", "dsa_modern"}
    assert modern <= set(NAMED)


def test_streams_must_match_the_task() -> None:
    stage = RECIPES["san_full"].last
    with pytest.raises(InvalidInputError, match=r"needs the streams \['reid', 'synthetic'\]"):
        replace(stage, streams={"reid": stage.streams["reid"]})


def test_two_stages_with_one_name_are_refused() -> None:
    recipe = RECIPES["san_baseline"]
    with pytest.raises(InvalidInputError, match="a different name"):
        replace(recipe, stages=recipe.stages * 2)
