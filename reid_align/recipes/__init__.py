"""Named training recipes: every row of the papers' tables, and current training practice.

A new recipe is an `add_recipe(Recipe(…))` in a module of `catalog`.
"""

from reid_align.recipes import catalog as catalog
from reid_align.recipes.fine_tuning import fit_to_weights, measure_own_split
from reid_align.recipes.overrides import override_settings
from reid_align.recipes.prepare_recipe import prepare
from reid_align.recipes.recipe import RECIPES, PublishedResult, Recipe, Stage, StreamConfig
from reid_align.recipes.recipe_data import RecipeData, RecipeInputError, load_recipe_data
from reid_align.recipes.recipe_run import ComputeOptions, default_loader_workers, run_recipe
from reid_align.recipes.recipe_text import list_recipes, show_recipe
from reid_align.recipes.smoke_recipes import smoke_test

__all__ = [
    "RECIPES",
    "ComputeOptions",
    "PublishedResult",
    "Recipe",
    "RecipeData",
    "RecipeInputError",
    "Stage",
    "StreamConfig",
    "default_loader_workers",
    "fit_to_weights",
    "list_recipes",
    "load_recipe_data",
    "measure_own_split",
    "override_settings",
    "prepare",
    "run_recipe",
    "show_recipe",
    "smoke_test",
]
