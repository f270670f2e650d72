"""Train and score one row, or what is missing of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from paper import results
from paper.networks import generator, is_guided, with_maps, with_targets
from paper.partial import partial_sets
from paper.reference import Row, Table
from paper.results import Result
from paper.sets import sets
from paper.setup import SYNTHETIC, Setup
from reid_align.datasets import ReidDataset
from reid_align.errors import InvalidInputError
from reid_align.features import resolve_device
from reid_align.recipes import RECIPES, Data, Recipe, Stage, prepare, run_recipe
from reid_align.recipes.initial_weights import start
from reid_align.recipes.training_scores import make_evaluator
from reid_align.tasks import SanConfig
from reid_align.training.meter import TIMING

FEATURE = "f"


@dataclass(frozen=True)
class Job:
    """One training and what it is scored on.

    Attributes:
        row: whose recipe.
        dataset: to train on.
        seed: of the training.
        partial: score on partial persons too.
    """

    row: Row
    dataset: str
    seed: int
    partial: bool = False


def plan(
    tables: Sequence[Table], setup: Setup, seeds: Sequence[int], only: Sequence[str] = ()
) -> list[Job]:
    """Return the trainings that tables take, seed by seed, in the order of their rows.

    Args:
        tables: which ones.
        setup: what there is; rows that it lacks something for are left out.
        seeds: of the trainings.
        only: these recipes and no others, in this order.

    Raises:
        InvalidInputError: there is nothing to measure.
        UnknownNameError: a recipe that does not exist.
    """
    for name in only:
        RECIPES[name]
    found = [job for seed in seeds for table in tables for job in _jobs(table, setup, seed)]
    if only:
        found = [job for job in found if job.row.recipe in only]
        found.sort(key=lambda job: (seeds.index(job.seed), only.index(str(job.row.recipe))))
    if not found:
        rows = only or [row.recipe for table in tables for row in table.rows if row.recipe]
        raise InvalidInputError(
            f"Nothing to measure of {', '.join(dict.fromkeys(rows))}. Name data that has training "
            "persons with --data, and tables that have the rows. What is published is shown by "
            "paper_tables.py --report-only."
        )
    return found


def _jobs(table: Table, setup: Setup, seed: int) -> list[Job]:
    found = {
        (row.recipe, dataset): Job(row, dataset, seed, table.test_only)
        for dataset in setup.trainable
        for row in table.rows
        if row.recipe is not None
        and row.only in (None, dataset)
        and row.start_on in (None, *setup.folders)
        and _has_images(row, dataset, setup)
    }
    return list(found.values())


def measure(job: Job, setup: Setup) -> Result:
    """Return the result of a job; what is there is not done again, and what was begun goes on.

    Raises:
        KeyboardInterrupt: SIGINT or SIGTERM came; the same call goes on where it was.
        ReidAlignError: something is missing or does not fit; the message says what to give.
    """
    wanted = _blank(job, setup)
    found = results.load(wanted, setup.results)
    scored = {job.dataset, *_partial(job, setup)}
    if found is not None and scored <= found.scores.keys():
        return found
    stage, data, folder = _train(job, setup)
    scores = dict(found.scores) if found is not None else {}
    for name in sorted(scored - scores.keys()):
        partial = _partial(job, setup).get(name)
        on_crops = replace(data, evaluation=partial, evaluation_iuv=None)
        scores[name] = _score(stage, folder, data if partial is None else on_crops, setup)
    # What was found and does not say which sets it is of, must not seem to know it now.
    result = replace(found or wanted, hours=round(hours(folder), 3), scores=scores)
    results.save(result, setup.results)
    return result


def known(job: Job, setup: Setup) -> Result | None:
    """Return the result of a job that was measured before, or None.

    Raises:
        InvalidInputError: it was measured under other conditions.
        WeightsNotFoundError: what it starts from is not there.
    """
    return results.load(_blank(job, setup), setup.results)


def hours(folder: Path) -> float:
    """Return how long a training took, all its sessions together."""
    lines = (folder / TIMING).read_text("utf-8").splitlines()
    seconds: list[float] = [json.loads(line)["seconds"] for line in lines]
    # A session counts from its own beginning, and ends before a smaller number.
    ends = [now for now, after in zip(seconds, [*seconds[1:], 0.0], strict=True) if after < now]
    return sum(ends) / 3600


def _blank(job: Job, setup: Setup) -> Result:
    name = str(job.row.recipe)
    scale = asdict(setup.scale)
    # How often a run is saved decides nothing.
    del scale["checkpoint_every"]
    settings = setup.settings_of(name)
    made = (scale, setup.start(name, job.row.start), settings, setup.part)
    of = sets(setup, name, job.dataset)
    if job.row.start is not None:
        of = sets(setup, job.row.start, job.row.start_on or job.dataset) | of
    return Result(name, job.dataset, job.seed, *made, hours=0.0, scores={}, sets=of)


def ready(job: Job, setup: Setup) -> tuple[Recipe, Data]:
    """Return the recipe of a job, prepared, and its data, with all that other networks draw for it.

    What it starts from and draws with is trained if it is not there.

    Raises:
        KeyboardInterrupt: as of `measure`.
        ReidAlignError: as of `measure`.
    """
    recipe, data = setup.recipe(str(job.row.recipe), job.seed), setup.data(job.dataset, job.seed)
    run = _start(job, setup) or generator(setup, recipe)
    data = with_maps(setup, job.dataset, recipe.last, data)
    if run is not None:
        data = with_targets(setup, job.dataset, recipe.last, data, run)
    begin = setup.initial if run is None else None
    return prepare(recipe, data, run=None if run is None else str(run), initial=begin), data


def run_folder(job: Job, setup: Setup) -> Path:
    """Return where the training of a job is kept."""
    where = setup.runs / setup.scale.name / f"{job.dataset}-{setup.part}"
    return where / f"{job.row.recipe}-{job.seed}"


def _train(job: Job, setup: Setup) -> tuple[Stage, Data, Path]:
    """Return the last stage as it was trained, its data, and the folder of the finished run."""
    recipe, data = ready(job, setup)
    folder = run_folder(job, setup)
    # Looked at when it is finished, and never before.
    run_recipe(recipe, replace(data, evaluation=None), folder, setup.machine)
    return recipe.last, data, folder


def _start(job: Job, setup: Setup) -> Path | None:
    """Return the run that a row goes on from, trained if it is not there."""
    if job.row.start is None:
        return None
    dataset = job.row.start_on or job.dataset
    before = Job(Row(job.row.start, job.row.start), dataset, job.seed)
    return _train(before, setup)[2]


def _score(
    stage: Stage, folder: Path, data: Data, setup: Setup
) -> Mapping[str, Mapping[str, float]]:
    """Return the scores of a finished run in percent, by feature and metric."""
    task = stage.task.build(1)
    start(task, str(folder))
    task.eval().to(resolve_device(setup.machine.device))
    evaluator = make_evaluator(task, data, setup.machine.device, setup.machine.workers)
    found: dict[str, dict[str, float]] = {}
    for name, value in (evaluator(task) if evaluator else {}).items():
        feature, _, metric = name.rpartition("_")
        found.setdefault(feature or FEATURE, {})[metric] = round(100 * value, 2)
    return found if is_guided(stage) else {FEATURE: found[FEATURE]}


def _partial(job: Job, setup: Setup) -> dict[str, ReidDataset]:
    return partial_sets(setup, job.dataset) if job.partial else {}


def _has_images(row: Row, dataset: str, setup: Setup) -> bool:
    """Return whether the images are there that the row's decoder draws."""
    task = RECIPES[str(row.recipe)].last.task
    external = isinstance(task, SanConfig) and task.decoder.target == "external"
    return not external or (setup.external is not None and dataset != SYNTHETIC)
