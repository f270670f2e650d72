"""Trainings that have a name: every row of the papers' tables, and what people train today.

Adding one takes an `add(Recipe(…))` in a module that is imported here.
"""

from reid_align.recipes import dense_uv as dense_uv
from reid_align.recipes import dsa as dsa
from reid_align.recipes import modern as modern
from reid_align.recipes import san as san
from reid_align.recipes import synthetic as synthetic
from reid_align.recipes.common import RECIPES
from reid_align.recipes.data import Data, read_data
from reid_align.recipes.overrides import override
from reid_align.recipes.prepare import prepare
from reid_align.recipes.recipe import Expected, Recipe, Stage, StreamConfig
from reid_align.recipes.report import report_run
from reid_align.recipes.run import Machine, default_workers, run_recipe
from reid_align.recipes.show import list_recipes, show_recipe
from reid_align.recipes.tiny import tiny

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
