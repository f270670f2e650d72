"""All recipes. Importing this package registers them in `RECIPES`."""

from reid_align.recipes.catalog import dense_uv_recipe as dense_uv_recipe
from reid_align.recipes.catalog import distill_recipe as distill_recipe
from reid_align.recipes.catalog import dsa_recipes as dsa_recipes
from reid_align.recipes.catalog import finetune_recipe as finetune_recipe
from reid_align.recipes.catalog import light_generators as light_generators
from reid_align.recipes.catalog import light_recipes as light_recipes
from reid_align.recipes.catalog import modern_recipes as modern_recipes
from reid_align.recipes.catalog import san_recipes as san_recipes
from reid_align.recipes.catalog import selftrain_recipe as selftrain_recipe
from reid_align.recipes.catalog import synthetic_recipes as synthetic_recipes
