"""Trainings that have a name: every row of the papers' tables, and what people train today.

Adding one takes an `add(Recipe(…))` in a module that is imported here.
"""

from reid_align.recipes.catalog import dense_uv_recipe as dense_uv_recipe
from reid_align.recipes.catalog import dsa_recipes as dsa_recipes
from reid_align.recipes.catalog import modern_recipes as modern_recipes
from reid_align.recipes.catalog import san_recipes as san_recipes
from reid_align.recipes.catalog import synthetic_recipes as synthetic_recipes
from reid_align.recipes.catalog.shared_settings import RECIPES
from reid_align.recipes.overrides import override
from reid_align.recipes.prepare_recipe import prepare
from reid_align.recipes.recipe import Expected, Recipe, Stage, StreamConfig
from reid_align.recipes.recipe_text import list_recipes, show_recipe
from reid_align.recipes.report import report_run
from reid_align.recipes.run_recipe import Machine, default_workers, run_recipe
from reid_align.recipes.smoke_test import tiny
from reid_align.recipes.training_data import Data, read_data

__all__ = [
    "RECIPES",
    "Data",
    "Expected",
    "Machine",
    "Recipe",
    "Stage",
    "StreamConfig",
    "default_workers",
    "list_recipes",
    "override",
    "prepare",
    "read_data",
    "report_run",
    "run_recipe",
    "show_recipe",
    "tiny",
]
