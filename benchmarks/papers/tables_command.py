r"""Train and score the rows of both papers' tables, and print them next to the published figures.

    python benchmarks/paper_tables.py --table san1 --report-only
    python benchmarks/paper_tables.py --table san1 --data synthetic=data/synth --scale tiny
    python benchmarks/paper_tables.py --table san1 --table san2 --table dsa3 --scale small \
        --data cuhk03_detected=data/cuhk03 --synthetic data/synth --seeds 0 1 2 \
        --initial runs/start/encoder.safetensors --dense-uv runs/dense_uv

Every row with a recipe is trained and scored on each dataset given by --data, unless its result
exists. An interrupted command resumes when it is run again. Results are stored as one JSON file per
recipe, dataset and seed.

Time: --report-only takes seconds, a row at scale "tiny" about a minute, a "small" row 0.1 to 0.3
hours on two cores; scale "full" needs a GPU.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from benchmarks.command_line import benchmark_parser
from benchmarks.papers.command_options import add_setup_options, read_setup
from benchmarks.papers.comparison import ComparisonBlock, compare
from benchmarks.papers.comparison_figure import draw_blocks
from benchmarks.papers.comparison_report import json_report, markdown_report, text_report
from benchmarks.papers.preflight import check
from benchmarks.papers.published import load_tables
from benchmarks.papers.row_results import all_results
from benchmarks.papers.row_training import measure, plan
from reid_align.cli import OK, run
from reid_align.errors import InvalidInputError
from reid_align.files import check_writable, replace_file, writing


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("paper_tables.py", __doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--table", action="append", choices=load_tables(), help="a table; repeatable"
    )
    which.add_argument("--all", action="store_true", help="all tables")
    parser.add_argument(
        "--report-only", action="store_true", help="train nothing; report stored results"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="report: .json, .md or .txt"
    )
    parser.add_argument("--figure", type=Path, metavar="FILE.png", help="bar chart of our results")
    add_setup_options(parser)
    return parser


def paper_tables(args: argparse.Namespace) -> int:
    """Train missing rows, write the reports, and return the exit code."""
    for output in filter(None, (args.output, args.figure)):
        check_writable(output)
    if args.figure is not None and args.figure.suffix != ".png":
        raise InvalidInputError(f"--figure {args.figure}: the file name must end in .png.")
    setup = read_setup(args)
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


def _document(blocks: Sequence[ComparisonBlock], suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(json_report(blocks), indent=1) + "\n"
    return (markdown_report if suffix == ".md" else text_report)(blocks) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return the exit code."""
    return run(build_parser(), paper_tables, argv, "rerun the same command to resume")


if __name__ == "__main__":
    sys.exit(main())
