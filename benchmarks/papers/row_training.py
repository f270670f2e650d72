"""Train and score single rows of the tables."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.papers import row_results as results
from benchmarks.papers.data_digests import digests
from benchmarks.papers.partial_sets import partial_sets
from benchmarks.papers.published import PaperRow, PaperTable
from benchmarks.papers.row_results import Result
from benchmarks.papers.scale import scale_record
from benchmarks.papers.shared_networks import generator, is_guided, with_maps, with_targets
from benchmarks.papers.table_setup import SYNTHETIC, Setup, drawn_target
from reid_align.datasets import ReidDataset
from reid_align.errors import InvalidInputError
from reid_align.inference.device import resolve_device
from reid_align.recipes import RECIPES, Recipe, RecipeData, Stage, prepare, run_recipe
from reid_align.recipes.initial_weights import initialize_task
from reid_align.recipes.training_scores import make_evaluator
from reid_align.tasks import SanConfig
from reid_align.training.reporting.progress_reporter import TIMING

FEATURE = "f"


@dataclass(frozen=True)
class Job:
    """One training and its scoring.

    Attributes:
        row: the row of a table.
        dataset: the training dataset.
        seed: seed of the training.
        partial: also score the partial-body test sets.
    """

    row: PaperRow
    dataset: str
    seed: int
    partial: bool = False


def plan(
    tables: Sequence[PaperTable], setup: Setup, seeds: Sequence[int], only: Sequence[str] = ()
) -> list[Job]:
    """Return the trainings of some tables, seed by seed, in the order of their rows.

    Args:
        tables: the tables.
        setup: data, scale and folders; rows that lack data are left out.
        seeds: seeds of the trainings.
        only: restrict to these recipes, in this order.

    Raises:
        InvalidInputError: no row can be trained.
        UnknownNameError: a recipe does not exist.
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
            f"Nothing to measure for {', '.join(dict.fromkeys(rows))}. Give a dataset with "
            "training identities (--data) and a table that has these rows (--table), or show the "
            "published figures with --report-only."
        )
    return found


def _jobs(table: PaperTable, setup: Setup, seed: int) -> list[Job]:
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
    """Return the result of a job; reuse stored results and resume an interrupted training.

    Raises:
        KeyboardInterrupt: on SIGINT or SIGTERM; the same call resumes the training.
        ReidAlignError: data or weights are missing or do not fit.
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
    # `found` comes first: an older result without digests must not get today's.
    result = replace(found or wanted, hours=round(hours(folder), 3), scores=scores)
    results.save(result, setup.results)
    return result


def stored_result(job: Job, setup: Setup) -> Result | None:
    """Return the stored result of a job, or None.

    Raises:
        InvalidInputError: it was measured under other conditions.
        WeightsNotFoundError: its initial weights are missing.
    """
    return results.load(_blank(job, setup), setup.results)


def hours(folder: Path) -> float:
    """Return the duration of a training, summed over its sessions."""
    lines = (folder / TIMING).read_text("utf-8").splitlines()
    seconds: list[float] = [json.loads(line)["seconds"] for line in lines]
    # The clock restarts with each session, so a session ends before a smaller value.
    ends = [now for now, after in zip(seconds, [*seconds[1:], 0.0], strict=True) if after < now]
    return sum(ends) / 3600


def _blank(job: Job, setup: Setup) -> Result:
    name = str(job.row.recipe)
    settings = setup.settings_of(name)
    made = (scale_record(setup.scale), setup.start(name, job.row.start), settings, setup.part)
    of = digests(setup, name, job.dataset)
    if job.row.start is not None:
        of = digests(setup, job.row.start, job.row.start_on or job.dataset) | of
    target = drawn_target(RECIPES[name])
    trains = target is not None and (target != "texture" or setup.san_pg is None)
    method = results.describe_method(setup.recipe(name, job.seed), trains_generator=trains)
    return Result(name, job.dataset, job.seed, *made, hours=0.0, scores={}, sets=of, method=method)


def prepare_job(job: Job, setup: Setup) -> tuple[Recipe, RecipeData]:
    """Return recipe and data of a job, including targets drawn by other networks.

    Trains the networks that it starts from and draws with, if they do not exist.

    Raises:
        KeyboardInterrupt: see `measure`.
        ReidAlignError: see `measure`.
    """
    recipe, data = setup.recipe(str(job.row.recipe), job.seed), setup.data(job.dataset, job.seed)
    run = _start(job, setup) or generator(setup, recipe)
    data = with_maps(setup, job.dataset, recipe.last, data)
    if run is not None:
        data = with_targets(setup, job.dataset, recipe.last, data, run)
    begin = setup.initial if run is None else None
    return prepare(recipe, data, run=None if run is None else str(run), initial=begin), data


def run_folder(job: Job, setup: Setup) -> Path:
    """Return the run folder of a job."""
    where = setup.runs / setup.scale.name / f"{job.dataset}-{setup.part}"
    return where / f"{job.row.recipe}-{job.seed}"


def _train(job: Job, setup: Setup) -> tuple[Stage, RecipeData, Path]:
    """Return the trained last stage, its data, and the folder of the finished run."""
    recipe, data = prepare_job(job, setup)
    folder = run_folder(job, setup)
    # Scored after training only.
    run_recipe(recipe, replace(data, evaluation=None), folder, setup.machine)
    return recipe.last, data, folder


def _start(job: Job, setup: Setup) -> Path | None:
    """Return the run that a row continues from, training it if needed."""
    if job.row.start is None:
        return None
    dataset = job.row.start_on or job.dataset
    before = Job(PaperRow(job.row.start, job.row.start), dataset, job.seed)
    return _train(before, setup)[2]


def _score(
    stage: Stage, folder: Path, data: RecipeData, setup: Setup
) -> Mapping[str, Mapping[str, float]]:
    """Return the scores of a finished run in percent, by feature and metric."""
    task = stage.task.build(1)
    initialize_task(task, str(folder))
    task.eval().to(resolve_device(setup.machine.device))
    evaluator = make_evaluator(task, data, setup.machine.device, setup.machine.num_workers)
    found: dict[str, dict[str, float]] = {}
    for name, value in (evaluator(task) if evaluator else {}).items():
        feature, _, metric = name.rpartition("_")
        found.setdefault(feature or FEATURE, {})[metric] = round(100 * value, 2)
    return found if is_guided(stage) else {FEATURE: found[FEATURE]}


def _partial(job: Job, setup: Setup) -> dict[str, ReidDataset]:
    return partial_sets(setup, job.dataset) if job.partial else {}


def _has_images(row: PaperRow, dataset: str, setup: Setup) -> bool:
    """Return whether the images that the row's decoder reconstructs are available."""
    task = RECIPES[str(row.recipe)].last.task
    external = isinstance(task, SanConfig) and task.decoder.target == "external"
    return not external or (setup.external is not None and dataset != SYNTHETIC)
