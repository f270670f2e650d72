"""What can be known to be missing before anything is trained."""

import sys
from collections.abc import Sequence

from paper.measure import Job, known
from paper.reference import Table
from paper.setup import Setup
from reid_align.files import writing


def check(tables: Sequence[Table], jobs: Sequence[Job], setup: Setup, only: Sequence[str]) -> None:
    """Refuse what a later training would stop at, and name the rows that are left out.

    Args:
        tables: whose rows are measured.
        jobs: from `plan`.
        setup: as for `measure`.
        only: the recipes that were asked for; none of them is left out in silence.

    Raises:
        InvalidInputError: a row was measured under other conditions.
        UnknownNameError: a setting that does not exist.
        OutputError: results cannot be written.
        ReidAlignError: a dataset cannot be read, or something that is named is not there.
    """
    planned = {job.row.recipe for job in jobs}
    named = [row.recipe for table in tables for row in table.rows if row.recipe is not None]
    lacking = [name for name in dict.fromkeys(only or named) if name not in planned]
    if lacking:
        print(f"left out, for want of data or of the table: {', '.join(lacking)}", file=sys.stderr)
    for job in jobs:
        for name in filter(None, (job.row.start, job.row.recipe)):
            setup.recipe(name, job.seed)
        known(job, setup)
    for dataset, seed in {job.dataset: job.seed for job in jobs}.items():
        setup.data(dataset, seed)
    with writing(setup.results):
        setup.results.mkdir(parents=True, exist_ok=True)
