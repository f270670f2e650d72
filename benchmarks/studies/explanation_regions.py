r"""Measure which regions explanations mark: body or background, and which regions match.

    python -m reid_align.synthesize -o data/explained --identities 24 --images 4 --seed 7
    python -m benchmarks.studies.explanation_regions data/explained \
        --data cuhk03_detected=data/cuhk03

The dense pose maps of a synthetic set tell the body region of every position of the feature map.
Explanations are computed for pairs of the same and of different identities, always from two
cameras, with the method "positions". Real images (--data, the training images of each dataset)
have no dense pose maps, so only rows and contributions are measured. Runs on the CPU, for about
a minute on one core.

Writes benchmarks/results/explanation_regions.json.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.command_line import add_data_option, benchmark_parser
from benchmarks.docs_tables.explanation_table import explanation_regions as regions_table
from benchmarks.result_files import RESULTS, provenance, write_result
from benchmarks.studies.position_regions import (
    Regions,
    draw_pairs,
    measure_pairs,
    position_values,
    region_grid,
)
from reid_align.cli import OK, run
from reid_align.cli.encoder_choice import select_encoder
from reid_align.datasets import load_dataset
from reid_align.datasets.image_store import read_iuv
from reid_align.datasets.synthetic_set import SyntheticSet
from reid_align.errors import InvalidInputError
from reid_align.explanation.explanation_result import MATCHES
from reid_align.explanation.position_grid import position_grid
from reid_align.files import check_writable
from reid_align.models.encoder import Encoder


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("python -m benchmarks.studies.explanation_regions", __doc__)
    parser.add_argument("set", type=Path, help="folder of a synthetic set")
    add_data_option(parser, "dataset of real images to measure, too; repeatable")
    parser.add_argument("--model", help="model name, arch or arch.tag")
    parser.add_argument("--weights", help="weights file (default: the published weights)")
    parser.add_argument("--pairs", type=int, default=150, help="maximum number of pairs per column")
    parser.add_argument("--seed", type=int, default=0, help="seed for drawing the pairs")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=RESULTS / "explanation_regions.json",
        help="result file",
    )
    return parser


def explanation_regions(args: argparse.Namespace) -> int:
    """Measure, write and print, and return the exit code."""
    check_writable(args.output)
    if args.pairs < 1:
        raise InvalidInputError(f"--pairs {args.pairs}: give at least 1.")
    encoder = select_encoder(args.model, args.weights)
    found = SyntheticSet(args.set)
    maps, names = found.names("images", "iuv"), found.names("images", "jpeg")
    rows, columns = position_values(encoder, names)(0).shape[:2]
    grid = position_grid(encoder, rows, columns)

    @cache
    def regions(row: int) -> NDArray[np.int64]:
        return region_grid(read_iuv(maps[row]).parts.numpy(), grid)

    ids = found.person_ids, found.camera_ids
    measured = {"set": _columns(args, encoder, names, ids, regions)}
    for name, folder in args.data:
        records = load_dataset(name, folder).train
        paths = [record.path for record in records]
        people = np.array([record.person_id for record in records])
        cameras = np.array([record.camera_id for record in records])
        measured[name] = _columns(args, encoder, paths, (people, cameras), None)
    record: dict[str, object] = {
        "benchmark": "explanation_regions",
        "encoder": encoder.origin.name,
        "sha256": encoder.origin.sha256,
        "matches": MATCHES,
        "rows": rows,
        "set": dict(found.settings),
        "measured": measured,
        **provenance(),
    }
    write_result(args.output, record)
    print(regions_table(record))
    return OK


def _columns(
    args: argparse.Namespace,
    encoder: Encoder,
    names: list[str],
    ids: tuple[NDArray[np.int64], NDArray[np.int64]],
    regions: Regions | None,
) -> dict[str, dict[str, float]]:
    """Return the measures of the pairs "same" and "different" of a dataset."""
    values = position_values(encoder, names)
    return {
        kind: {"pairs": len(pairs), **measure_pairs(pairs, values, regions)}
        for kind, pairs in draw_pairs(*ids, args.pairs, args.seed).items()
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return the exit code."""
    return run(build_parser(), explanation_regions, argv)


if __name__ == "__main__":
    sys.exit(main())
