r"""How much the fused features of DSA-reID depend on their dense maps.

    python benchmarks/fused_maps.py --table dsa3 --only dsa_full --scale small \
        --data synthetic=data/synth --initial runs/start/deep --dense-uv runs/dense_uv

Rank-1 and mAP of the fused features of a row that `paper_tables.py` has trained on a synthetic set
with the same options: with the true dense maps of the test images, with those that `dense_uv`
estimates, and with none.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from paper.maps import by_maps
from paper.options import add_setup_options, jobs_of, setup_of
from paper.reference import load_tables
from provenance import RESULTS, add_row, provenance

from reid_align.cli import OK, run
from reid_align.files import check_writable

OUTPUT = RESULTS / "fused_maps.json"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = argparse.ArgumentParser(
        "fused_maps.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", action="append", choices=load_tables(), required=True)
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT, metavar="FILE.json")
    add_setup_options(parser)
    return parser


def fused_maps(args: argparse.Namespace) -> int:
    """Measure, write and print, and return the exit code."""
    check_writable(args.output)
    setup = setup_of(args)
    for job in jobs_of(args, setup):
        row = f"{job.row.recipe}-{job.seed} on {job.dataset}, {setup.scale.name}"
        for kind, found in by_maps(job, setup):
            scores = {name: round(value, 2) for name, value in found.items()}
            label = f"{row}: {kind}"
            add_row(args.output, "fused_maps", {"label": label, "z": scores, **provenance()})
            print(label, scores)
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), fused_maps, argv, "rows that were finished are kept")


if __name__ == "__main__":
    sys.exit(main())
