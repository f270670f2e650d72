"""Checks that run before the first training."""

import sys
from collections.abc import Sequence

from benchmarks.papers.published import PaperTable
from benchmarks.papers.row_training import Job, stored_result
from benchmarks.papers.table_setup import Setup
from reid_align.files import writing


def check(
    tables: Sequence[PaperTable], jobs: Sequence[Job], setup: Setup, only: Sequence[str]
) -> None:
    """Raise if a later training would fail, and print the rows that are skipped.

    Args:
        tables: tables to measure.
        jobs: trainings from `plan`.
        setup: data, scale and folders.
        only: recipes requested by name; a warning lists those that cannot run.

    Raises:
        InvalidInputError: a row was measured under other conditions.
        UnknownNameError: a setting does not exist.
        OutputError: the results folder is not writable.
        ReidAlignError: a dataset or file is missing or unreadable.
    """
    planned = {job.row.recipe for job in jobs}
    named = [row.recipe for table in tables for row in table.rows if row.recipe is not None]
    lacking = [name for name in dict.fromkeys(only or named) if name not in planned]
    if lacking:
        print(
            f"skipped, because data is missing or the table has no such row: {', '.join(lacking)}",
            file=sys.stderr,
        )
    for job in jobs:
        for name in filter(None, (job.row.start, job.row.recipe)):
            setup.recipe(name, job.seed)
        stored_result(job, setup)
    for dataset, seed in {job.dataset: job.seed for job in jobs}.items():
        setup.data(dataset, seed)
    with writing(setup.results):
        setup.results.mkdir(parents=True, exist_ok=True)
