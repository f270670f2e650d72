"""Run a recipe: its stages one after the other, each in a folder of its own."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from reid_align.cores import available_cores
from reid_align.features import resolve_device
from reid_align.recipes.decoder_targets import (
    FOLDERS,
    copy_mask,
    draw_targets,
    missing_target,
    with_targets,
)
from reid_align.recipes.initial_weights import describe_start, start
from reid_align.recipes.prepare_recipe import ALONE
from reid_align.recipes.recipe import Recipe, Stage
from reid_align.recipes.stage_streams import open_streams
from reid_align.recipes.training_data import Data
from reid_align.recipes.training_scores import make_evaluator
from reid_align.tasks import REID
from reid_align.training.checkpoint import Checkpoints
from reid_align.training.group import ProcessGroup
from reid_align.training.loop import CHECKPOINTS, Summary, run_training


@dataclass(frozen=True)
class Machine:
    """Where a recipe runs, which does not decide what comes of it.

    Attributes:
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        workers: processes that decode the images of each stream; 0 decodes in this one.
        group: the processes that train together.
        progress: show a bar with the time left.
    """

    device: str = "auto"
    workers: int = 0
    group: ProcessGroup = ALONE
    progress: bool = False


def run_recipe(recipe: Recipe, data: Data, folder: Path, machine: Machine) -> Summary:
    """Run all stages, or what is left of them, and return what the last one came to.

    A recipe of one stage has its run in ``folder`` itself; of several, each has a folder of its
    name in there, and what one of them draws for another is in ``textures`` or ``frontals``. The
    same call continues a run that was stopped, wherever that was.

    Args:
        recipe: from `prepare`.
        data: as `prepare` saw it.
        folder: where to write.
        machine: where to run.

    Raises:
        KeyboardInterrupt: SIGINT or SIGTERM came; a checkpoint was written.
        ReidAlignError: something cannot be read, written or computed.
    """
    earlier: dict[str, Path] = {}
    for stage in recipe.stages:
        place = folder / stage.name if len(recipe.stages) > 1 else folder
        drawn = _draw(stage, data, folder, earlier, machine)
        initial = str(earlier.get(stage.initial, stage.initial))
        summary = _train(recipe.name, stage, drawn, place, initial, machine)
        earlier[stage.name] = place
    return summary


def default_workers() -> int:
    """Return how many processes should decode each stream: half of the cores there are, up to 8."""
    return min(8, available_cores() // 2)


def _draw(
    stage: Stage, data: Data, folder: Path, earlier: dict[str, Path], machine: Machine
) -> Data:
    """Return the data with everything the stage needs, some of it drawn by its unwrapper."""
    extra = missing_target(stage, data)
    if extra is None or stage.unwrapper is None or data.reid is None:
        return data
    images = folder / FOLDERS[extra]
    if machine.group.rank == 0:
        networks = earlier.get(stage.unwrapper, Path(stage.unwrapper))
        draw_targets(data.reid, networks, images, machine.device, progress=machine.progress)
        if extra == "texture":
            copy_mask(data.synthetic, images)
    # The others wait here.
    machine.group.first(0)
    return with_targets(extra, data, images)


def _train(
    recipe: str, stage: Stage, data: Data, folder: Path, initial: str, machine: Machine
) -> Summary:
    device = str(resolve_device(machine.device))
    streams = open_streams(stage, data, machine.workers, machine.group, device)
    torch.manual_seed(stage.training.seed)
    task = stage.task.build(streams[REID].identities if REID in streams else 0)
    if Checkpoints(folder / CHECKPOINTS, 1).newest() is None:
        start(task, initial, stage.fresh)
    settings = asdict(stage) | {"initial": describe_start(stage.initial)}
    del settings["training"]
    return run_training(
        task,
        streams,
        stage.training,
        folder,
        make_evaluator(task, data, machine.device, machine.workers),
        recipe={"name": recipe, "stage": settings, **_scored_on(data)},
        group=machine.group,
        device=machine.device,
        progress=machine.progress,
    )


def _scored_on(data: Data) -> dict[str, str]:
    """Return what decides which weights are the best: scores on another set cannot be compared."""
    return {} if data.evaluation is None else {"scored_on": data.evaluation.name}
