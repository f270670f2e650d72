"""Run a recipe: its stages one after the other, each in its own folder."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from reid_align.cores import available_cores
from reid_align.inference.device import resolve_device
from reid_align.recipes.decoder_targets import (
    FOLDERS,
    add_targets,
    copy_mask,
    draw_targets,
    missing_target,
)
from reid_align.recipes.image_check import check_images
from reid_align.recipes.initial_weights import describe_start, initialize_task
from reid_align.recipes.prepare_recipe import SINGLE_PROCESS
from reid_align.recipes.recipe import Recipe, Stage
from reid_align.recipes.recipe_data import RecipeData
from reid_align.recipes.stage_loaders import open_loaders
from reid_align.recipes.training_scores import describe_evaluation, make_evaluator
from reid_align.tasks import REID
from reid_align.training.distributed import ProcessGroup
from reid_align.training.saving.run_checkpoints import Checkpoints
from reid_align.training.training_run import CHECKPOINTS, TrainingSummary, run_training

MAX_WORKERS = 8


@dataclass(frozen=True)
class ComputeOptions:
    """Device and processes of a run, which do not change its result.

    Attributes:
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        num_workers: processes that decode the images of each stream; 0 decodes in this process.
        group: the processes that train together.
        progress: show a progress bar.
    """

    device: str = "auto"
    num_workers: int = 0
    group: ProcessGroup = SINGLE_PROCESS
    progress: bool = False


def run_recipe(
    recipe: Recipe,
    data: RecipeData,
    folder: Path,
    compute: ComputeOptions,
    *,
    new_evaluation: bool = False,
) -> TrainingSummary:
    """Run the stages that are not finished yet, and return the summary of the last stage.

    A recipe of one stage writes to ``folder`` itself. Otherwise each stage has a subfolder of its
    name, and targets that one stage draws for another are in ``textures`` or ``frontals``. The
    same call continues an interrupted run.

    Args:
        recipe: from `prepare`.
        data: the data that `prepare` checked.
        folder: output folder.
        compute: device and processes.
        new_evaluation: continue a run with another evaluation dataset, and discard its best scores.

    Raises:
        EvaluationChangedError: the run was scored on other data, without ``new_evaluation``.
        KeyboardInterrupt: SIGINT or SIGTERM arrived; a checkpoint was written.
        ReidAlignError: something cannot be read, written or computed.
    """
    earlier: dict[str, Path] = {}
    for stage in recipe.stages:
        stage_folder = folder / stage.name if len(recipe.stages) > 1 else folder
        stage_data = _draw(stage, data, folder, earlier, compute)
        initial = str(earlier.get(stage.initial, stage.initial))
        summary = _train(recipe, stage, stage_data, stage_folder, initial, compute, new_evaluation)
        earlier[stage.name] = stage_folder
    return summary


def default_loader_workers() -> int:
    """Return the default number of decoding processes of a stream: half of the cores, up to 8."""
    return min(MAX_WORKERS, available_cores() // 2)


def _draw(
    stage: Stage,
    data: RecipeData,
    folder: Path,
    earlier: dict[str, Path],
    compute: ComputeOptions,
) -> RecipeData:
    """Return the data with the targets of the stage, drawn by its unwrapper if they are missing."""
    kind = missing_target(stage, data)
    if kind is None or stage.unwrapper is None or data.reid is None:
        return data
    images = folder / FOLDERS[kind]
    if compute.group.rank == 0:
        networks = earlier.get(stage.unwrapper, Path(stage.unwrapper))
        draw_targets(data.reid, networks, images, compute.device, progress=compute.progress)
        if kind == "texture":
            copy_mask(data.synthetic, images)
    # The other processes wait until the images are written.
    compute.group.wait_for_first()
    return add_targets(kind, data, images)


def _train(
    recipe: Recipe,
    stage: Stage,
    data: RecipeData,
    folder: Path,
    initial: str,
    compute: ComputeOptions,
    new_evaluation: bool,
) -> TrainingSummary:
    device = str(resolve_device(compute.device))
    loaders = open_loaders(
        stage,
        data,
        compute.num_workers,
        compute.group,
        device,
        folder,
        initial,
        progress=compute.progress,
    )
    torch.manual_seed(stage.training.seed)
    task = stage.task.build(loaders[REID].num_identities if REID in loaders else 0)
    if Checkpoints(folder / CHECKPOINTS, 1).newest() is None:
        if stage.fine_tunes:
            check_images(loaders[REID].source, progress=compute.progress)
        initialize_task(task, initial, stage.fresh)
    settings = asdict(stage) | {"initial": describe_start(stage.initial)}
    del settings["training"]
    evaluation = data.evaluation
    scored_on = {} if evaluation is None else {"scored_on": describe_evaluation(evaluation)}
    return run_training(
        task,
        loaders,
        stage.training,
        folder,
        make_evaluator(task, data, compute.device, compute.num_workers),
        recipe={
            "name": recipe.name,
            # The last one has the final networks.
            "stages": [one.name for one in recipe.stages],
            "stage": settings,
            **scored_on,
        },
        new_evaluation=new_evaluation,
        group=compute.group,
        device=compute.device,
        progress=compute.progress,
    )
