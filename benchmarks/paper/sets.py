"""Which synthetic sets a figure depends on, and which estimator of dense maps."""

from pathlib import Path

from paper.networks import ESTIMATOR, needs_maps
from paper.setup import SYNTHETIC, Setup, digest, drawn_target
from reid_align.recipes import RECIPES
from reid_align.tasks import SYNTHETIC as PAIRS


def sets(setup: Setup, name: str, dataset: str) -> dict[str, str]:
    """Return digests of what a recipe's figures on a dataset depend on, by the options' names.

    Raises:
        WeightsNotFoundError: a set or an estimator that is not there.
    """
    recipe, pairs = RECIPES[name], setup.synthetic or setup.folders.get(SYNTHETIC)
    drawn = drawn_target(recipe) == "texture" and setup.san_pg is not None
    trained = recipe.stages[1:] if drawn else recipe.stages
    paired, found = any(PAIRS in stage.streams for stage in trained), {}
    if dataset == SYNTHETIC:
        found["data"] = digest(_file(setup.folders[SYNTHETIC]))
    if needs_maps(recipe.last, dataset):
        if setup.dense_uv is None:
            paired = True
        else:
            found["dense_uv"] = digest(Path(setup.dense_uv) / f"{ESTIMATOR}.safetensors")
    if paired and pairs is not None:
        found["synthetic"] = digest(_file(pairs))
    return found


def _file(synthetic: str) -> Path:
    return Path(synthetic) if synthetic.endswith(".csv") else Path(synthetic) / "set.json"
