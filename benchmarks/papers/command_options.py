"""Command-line options for data, scale and training of the tables' rows."""

import argparse
from pathlib import Path

from benchmarks.command_line import add_data_option
from benchmarks.papers.published import WITHDRAWN
from benchmarks.papers.scale import SCALES
from benchmarks.papers.table_setup import Setup
from benchmarks.result_files import RESULTS
from reid_align.cli import add_renamed_option
from reid_align.errors import InvalidInputError
from reid_align.recipes import ComputeOptions, default_loader_workers

TABLES = RESULTS / "paper_tables"


def add_setup_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `read_setup` reads, plus ``--seeds`` and ``--only``."""
    _add_data(parser.add_argument_group("data"))
    _add_training(parser.add_argument_group("training"))


def read_setup(args: argparse.Namespace) -> Setup:
    """Build the setup from parsed options.

    Raises:
        InvalidInputError: a dataset is withdrawn or named twice.
    """
    folders = dict(args.data)
    if len(folders) < len(args.data):
        raise InvalidInputError("--data names a dataset twice. Run the command for each folder.")
    if WITHDRAWN in folders:
        raise InvalidInputError(
            f"--data {WITHDRAWN}=…: the dataset was withdrawn by its authors; only its published "
            "figures are shown."
        )
    return Setup(
        SCALES[args.scale],
        folders,
        args.runs,
        args.results,
        args.synthetic,
        args.initial,
        args.hold_out,
        tuple(args.settings),
        args.san_pg,
        args.dense_uv,
        args.external,
        ComputeOptions(args.device, args.num_workers, progress=True),
    )


def _add_data(group: argparse._ArgumentGroup) -> None:
    add_data_option(group, "a dataset of `reid_align.evaluate`, or synthetic=FOLDER; repeatable")
    group.add_argument(
        "--synthetic", metavar="FOLDER", help="synthetic set for generators and synthetic batches"
    )
    group.add_argument("--external", metavar="FOLDER", help="PN-GAN images to reconstruct")
    group.add_argument(
        "--runs",
        type=Path,
        default=Path("runs/paper_tables"),
        metavar="FOLDER",
        help="run folders (default: runs/paper_tables)",
    )
    group.add_argument(
        "--results",
        type=Path,
        default=TABLES,
        metavar="FOLDER",
        help="result files (default: benchmarks/results/paper_tables)",
    )
    group.add_argument(
        "--hold-out",
        type=int,
        default=0,
        metavar="N",
        help="hold N training identities out of the training and score these instead of the test "
        "identities; for a synthetic set, any N selects its validation identities",
    )


def _add_training(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--scale", choices=SCALES, default="full", help="size of the trainings (default: full)"
    )
    group.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[0],
        metavar="N",
        help="seeds of the trainings; for CUHK01 also the split (default: 0)",
    )
    group.add_argument(
        "--only", nargs="+", default=[], metavar="RECIPE", help="only these recipes, in this order"
    )
    group.add_argument("--initial", metavar="WEIGHTS", help="initial encoder weights of all rows")
    group.add_argument("--san-pg", metavar="RUN", help="trained texture generator")
    group.add_argument("--dense-uv", metavar="RUN", help="trained dense pose estimator")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="RECIPE:PATH=VALUE",
        help="change a recipe setting; repeatable",
    )
    group.add_argument("--device", default="auto", help="torch device (default: auto)")
    group.add_argument(
        "--num-workers",
        type=int,
        default=default_loader_workers(),
        metavar="N",
        help="loader processes of each stream (default: %(default)s)",
    )
    add_renamed_option(group, "--workers", "--num-workers")
