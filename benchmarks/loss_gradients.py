r"""How much each loss of a row has to say about its encoder.

    python benchmarks/loss_gradients.py --table san1 --only san_full --scale small \
        --data synthetic=data/synth --initial runs/start/deep --san-pg runs/san_pg \
        --set san_full:task.constraint_weight=0.01

The norm of the encoder's gradient of each loss with its weight, alone, over the first batches of
the training, with the weights that the row starts from and, where `paper_tables.py` has trained it
with the same options, with those that it ends with. One row of a table for each. Runs leave no
classifiers, so that identity losses have a new one both times.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from paper.gradients import pulls
from paper.options import add_setup_options, jobs_of, setup_of
from paper.reference import load_tables
from provenance import RESULTS, add_row, provenance

from reid_align.cli import OK, run
from reid_align.files import check_writable


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = argparse.ArgumentParser(
        "loss_gradients.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--table", action="append", choices=load_tables(), required=True)
    parser.add_argument("--batches", type=int, default=4, metavar="N", help="of each stream")
    parser.add_argument(
        "-o", "--output", type=Path, default=RESULTS / "loss_gradients.json", metavar="FILE.json"
    )
    add_setup_options(parser)
    return parser


def loss_gradients(args: argparse.Namespace) -> int:
    """Measure, write and print, and return the exit code."""
    check_writable(args.output)
    setup = setup_of(args)
    for job in jobs_of(args, setup):
        recipe = str(job.row.recipe)
        begun, settings = setup.start(recipe), setup.settings_of(recipe)
        for moment, norms in pulls(job, setup, args.batches):
            label = f"{recipe}-{job.seed} on {job.dataset}, {setup.scale.name}, {moment}"
            row = {
                "label": label,
                "scale": setup.scale.name,
                "seed": job.seed,
                "start": begun,
                "settings": settings,
                "batches": args.batches,
                "norms": {name: round(norm, 4) for name, norm in norms.items()},
                **provenance(),
            }
            add_row(args.output, "loss_gradients", row)
            print(label, row["norms"])
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), loss_gradients, argv, "rows that were finished are kept")


if __name__ == "__main__":
    sys.exit(main())
