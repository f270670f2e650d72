"""The options that say what rows of the papers' tables are measured, on what and how."""

import argparse
from pathlib import Path

from data_option import add_data_option
from provenance import RESULTS

from paper.measure import Job, plan
from paper.reference import WITHDRAWN, load_tables
from paper.scale import SCALES
from paper.setup import Setup
from reid_align.errors import InvalidInputError
from reid_align.recipes import Machine, default_workers

TABLES = RESULTS / "paper_tables"


def add_setup_options(parser: argparse.ArgumentParser) -> None:
    """Add what `setup_of` reads, and ``--seeds`` and ``--only``."""
    _add_data(parser.add_argument_group("data"))
    _add_training(parser.add_argument_group("training"))


def setup_of(args: argparse.Namespace) -> Setup:
    """Return what parsed options say.

    Raises:
        InvalidInputError: data that nobody should measure on any more, or named twice.
    """
    folders = dict(args.data)
    if len(folders) < len(args.data):
        raise InvalidInputError("--data: a dataset is named twice. Give each its own command.")
    if WITHDRAWN in folders:
        raise InvalidInputError(
            f"--data {WITHDRAWN}=…: its authors withdrew it, and its figures are only shown."
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
        Machine(args.device, args.workers, progress=True),
    )


def jobs_of(args: argparse.Namespace, setup: Setup) -> list[Job]:
    """Return the trainings of the rows that parsed options name: ``--table`` and those of here.

    Raises:
        ReidAlignError: as of `plan`.
    """
    return plan([load_tables()[name] for name in args.table], setup, args.seeds, args.only)


def _add_data(group: argparse._ArgumentGroup) -> None:
    add_data_option(group, "a dataset that evaluate knows, or synthetic=FOLDER; may be repeated")
    group.add_argument("--synthetic", metavar="FOLDER", help="as for train")
    group.add_argument("--external", metavar="FOLDER", help="as for train: images of PN-GAN")
    group.add_argument("--runs", type=Path, default=Path("runs/paper_tables"), metavar="FOLDER")
    group.add_argument("--results", type=Path, default=TABLES, metavar="FOLDER")
    group.add_argument(
        "--hold-out",
        type=int,
        default=0,
        metavar="N",
        help="score on N training persons who are not trained on, and on no test person; on the "
        "validation persons of a synthetic set, whatever N is",
    )


def _add_training(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--scale", choices=SCALES, default="full")
    group.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[0],
        metavar="N",
        help="of the trainings; of CUHK01, which is divided ten times, the division too",
    )
    group.add_argument(
        "--only", nargs="+", default=[], metavar="RECIPE", help="measure these, in this order"
    )
    group.add_argument("--initial", metavar="WEIGHTS", help="what all rows start from")
    group.add_argument("--san-pg", metavar="RUN", help="a trained generator of textures")
    group.add_argument("--dense-uv", metavar="RUN", help="a trained estimator of dense maps")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="RECIPE:PATH=VALUE",
        help="change a setting of a recipe; may be repeated",
    )
    group.add_argument("--device", default="auto")
    group.add_argument("--workers", type=int, default=default_workers())
