"""Networks shared by several rows: generators and the dense pose estimator."""

from dataclasses import replace
from pathlib import Path

from benchmarks.papers.table_setup import SYNTHETIC, Setup, drawn_target
from reid_align.datasets import ReidDataset
from reid_align.inference.device import resolve_device
from reid_align.recipes import Recipe, RecipeData, Stage, prepare, run_recipe
from reid_align.recipes.decoder_targets import (
    FOLDERS,
    add_targets,
    copy_mask,
    draw_targets,
    missing_target,
)
from reid_align.tasks import REID, DsaConfig
from reid_align.unwrapping import jobs_below, load_unwrapper, unwrap_images

# One generator and one set of drawn images serve all seeds.
SEED = 0
ESTIMATOR = "dense_uv"


def generator(setup: Setup, recipe: Recipe) -> Path | None:
    """Return the run of a recipe's generator, training it if needed.

    Args:
        setup: data, scale and folders.
        recipe: the scaled recipe; its first stage is the generator.

    Returns:
        None for a recipe without a generator.
    """
    target, first = drawn_target(recipe), recipe.stages[0]
    if target is None:
        return None
    if target == "texture" and setup.san_pg is not None:
        return Path(setup.san_pg)
    seeded = replace(first, training=replace(first.training, seed=SEED))
    return _train(setup, f"generator_{target}", seeded)


def estimator(setup: Setup) -> Path:
    """Return the run of the dense pose estimator, training it if needed."""
    if setup.dense_uv is not None:
        return Path(setup.dense_uv)
    return _train(setup, ESTIMATOR, setup.recipe(ESTIMATOR, SEED).last)


def _train(setup: Setup, name: str, stage: Stage) -> Path:
    folder = setup.runs / setup.scale.name / name
    data = RecipeData(synthetic=setup.synthetic or setup.folders.get(SYNTHETIC))
    recipe = Recipe(name, "shared", (stage,), "", "")
    # The initial weights are of the rows' encoder; the estimator starts as its recipe says.
    initial = None if name == ESTIMATOR else setup.initial
    run_recipe(prepare(recipe, data, initial=initial), data, folder, setup.machine)
    return folder


def with_targets(
    setup: Setup, dataset: str, stage: Stage, data: RecipeData, networks: Path
) -> RecipeData:
    """Return the data with the decoder targets of a stage, drawing them if needed."""
    stage = replace(stage, unwrapper=str(networks) if stage.unwrapper else None)
    extra = missing_target(stage, data)
    if extra is None or data.reid is None:
        return data
    folder = setup.runs / setup.scale.name / dataset / FOLDERS[extra]
    machine = setup.machine
    draw_targets(data.reid, networks, folder, machine.device, progress=machine.progress)
    if extra == "texture":
        copy_mask(data.synthetic, folder)
    return add_targets(extra, data, folder)


def with_maps(setup: Setup, dataset: str, stage: Stage, data: RecipeData) -> RecipeData:
    """Return the data with dense pose maps, estimating those that the dataset lacks."""
    if data.reid is None or not needs_maps(stage, dataset):
        return data
    folder = setup.runs / setup.scale.name / dataset / "maps"
    device = resolve_device(setup.machine.device)
    unwrapper = load_unwrapper("iuv", [str(estimator(setup))], device)
    paths = _paths(data.reid) + ([] if data.evaluation is None else _paths(data.evaluation))
    jobs = jobs_below(data.reid.root, paths, folder)
    done = unwrap_images(jobs, unwrapper, folder, progress=setup.machine.progress)
    if done.failed:
        raise done.failed[0]
    return replace(data, iuv=str(folder), evaluation_iuv=str(folder))


def needs_maps(stage: Stage, dataset: str) -> bool:
    """Return whether a stage needs dense pose maps that its dataset lacks."""
    needs = REID in stage.streams and stage.task.batch_specs()[REID].part_images != "none"
    return needs and dataset != SYNTHETIC


def is_guided(stage: Stage) -> bool:
    """Return whether the fused features of a stage can be computed from its run."""
    task = stage.task
    return isinstance(task, DsaConfig) and task.guided and task.fusion == "add"


def _paths(dataset: ReidDataset) -> list[str]:
    records = [*dataset.train]
    for split in dataset.splits:
        records += [*split.query, *split.gallery]
    return [record.path for record in records]
