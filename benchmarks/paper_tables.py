r"""Every table of both papers, the published column beside ours.

    python benchmarks/paper_tables.py --table san1 --report-only
    python benchmarks/paper_tables.py --table san1 --data synthetic=data/synth --scale tiny
    python benchmarks/paper_tables.py --table san1 --table san2 --table dsa3 --scale small \
        --data cuhk03_detected=data/cuhk03 --synthetic data/synth --seeds 0 1 2 \
        --initial runs/start/encoder.safetensors --dense-uv runs/dense_uv

For every row that has a recipe it trains and scores what is missing, on each dataset that is named.
Stop it at any time: the same command goes on where it was, and what is finished is not done again.
Results are one JSON file for each recipe, dataset and seed.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from paper.check import check
from paper.compare import Block, compare
from paper.figure import draw_blocks
from paper.measure import measure, plan
from paper.options import add_setup_options, setup_of
from paper.reference import load_tables
from paper.report import json_report, markdown_report, text_report
from paper.results import all_results

from reid_align.cli import OK, run
from reid_align.errors import InvalidInputError
from reid_align.files import check_writable, replace_file, writing


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = argparse.ArgumentParser(
        "paper_tables.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--table", action="append", choices=load_tables(), help="may be repeated")
    which.add_argument("--all", action="store_true", help="all tables")
    parser.add_argument("--report-only", action="store_true", help="measure nothing")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="FILE.json, .md or .txt")
    parser.add_argument("--figure", type=Path, metavar="FILE.png", help="what we measured, as bars")
    add_setup_options(parser)
    return parser


def paper_tables(args: argparse.Namespace) -> int:
    """Measure what is missing, report, and return the exit code."""
    for output in filter(None, (args.output, args.figure)):
        check_writable(output)
    if args.figure is not None and args.figure.suffix != ".png":
        raise InvalidInputError(f"--figure {args.figure}: the name has to end in .png.")
    setup = setup_of(args)
    tables = [load_tables()[name] for name in (load_tables() if args.all else args.table)]
    if not args.report_only:
        jobs = plan(tables, setup, args.seeds, args.only)
        check(tables, jobs, setup, args.only)
        for job in jobs:
            done = measure(job, setup)
            print(f"{done.recipe} on {done.dataset}, seed {done.seed}: done", file=sys.stderr)
    results = all_results(args.results, args.scale, setup.part)
    blocks = [block for table in tables for block in compare(table, results, setup.trainable)]
    print(text_report(blocks))
    if args.output is not None:
        _write(args.output, _document(blocks, args.output.suffix).encode())
    if args.figure is not None:
        content = BytesIO()
        draw_blocks(blocks).save(content, "PNG")
        _write(args.figure, content.getvalue())
    return OK


def _write(path: Path, content: bytes) -> None:
    with writing(path):
        replace_file(path, content)


def _document(blocks: Sequence[Block], suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(json_report(blocks), indent=1) + "\n"
    return (markdown_report if suffix == ".md" else text_report)(blocks) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), paper_tables, argv, "the same command goes on where it was")


if __name__ == "__main__":
    sys.exit(main())
