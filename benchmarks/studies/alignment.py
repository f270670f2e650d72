r"""Measure alignment on a synthetic set, where the true pose and texture are known.

    python -m benchmarks.studies.alignment data/synth \
        --encoder baseline=runs/base/encoder.safetensors \
        --encoder SAN=runs/san/san/encoder.safetensors --textures SAN-PG=runs/san/pg \
        --maps dense_uv=runs/dense_uv

Reports rank-1 of each encoder by change of body orientation, by visible share of the body and by
misplacement of the boxes; mean absolute error and structural similarity of textures; part overlap
and coordinate error of dense pose maps. A few minutes per network on two cores.

Writes benchmarks/results/alignment.json.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.command_line import benchmark_parser
from benchmarks.docs_tables.alignment_tables import alignment as alignment_tables
from benchmarks.docs_tables.alignment_tables import draw_alignment
from benchmarks.result_files import RESULTS, provenance, write_result
from benchmarks.studies.alignment_errors import (
    drawn_by,
    map_errors,
    mean_texture_baseline,
    texture_errors,
)
from benchmarks.studies.alignment_ranks import CONDITIONS, Bin, rank1_by
from benchmarks.studies.alignment_sheet import draw_sheet
from benchmarks.studies.synthetic_truth import Floats, Truth, read_truth
from reid_align.cli import OK, run
from reid_align.datasets.synthetic_set import SyntheticSet
from reid_align.errors import InvalidInputError
from reid_align.evaluation.feature_extraction import StoredImage
from reid_align.features import ExtractOptions, extract_named_images
from reid_align.files import check_writable
from reid_align.inference.device import resolve_device
from reid_align.models.pretrained import load_encoder
from reid_align.unwrapping import UnwrapKind, Unwrapper, load_unwrapper

MEAN_TEXTURE = "mean texture"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("python -m benchmarks.studies.alignment", __doc__)
    parser.add_argument("set", type=Path, help="folder of a synthetic set")
    for option, what in (
        ("--encoder", "encoder to compare"),
        ("--textures", "run of SAN-PG or SAN that predicts textures"),
        ("--maps", "run of dense_uv that predicts dense pose maps"),
    ):
        parser.add_argument(
            option, action="append", default=[], metavar="LABEL=FILE", help=f"{what}; repeatable"
        )
    parser.add_argument("--split", choices=("val", "test"), default="test", help="split to measure")
    parser.add_argument("--device", default="auto", help="torch device")
    parser.add_argument(
        "-o", "--output", type=Path, default=RESULTS / "alignment.json", help="result file"
    )
    parser.add_argument("--figure", type=Path, metavar="FILE.png", help="write rank-1 curves")
    parser.add_argument(
        "--sheet",
        type=Path,
        metavar="FILE.jpg",
        help="write predictions of the first --textures and --maps network next to the truth",
    )
    return parser


def alignment(args: argparse.Namespace) -> int:
    """Measure, write and print, and return the exit code."""
    for output in filter(None, (args.output, args.figure, args.sheet)):
        check_writable(output)
    truth, source = read_truth(args.set, args.split), SyntheticSet(args.set)
    textures = _networks("texture", args.textures, args.device)
    maps = _networks("iuv", args.maps, args.device)
    ranks = _ranks(truth, _named(args.encoder), args.device)
    record: dict[str, object] = {
        "benchmark": "alignment",
        "split": args.split,
        "images": len(truth.names),
        "set": dict(source.settings),
        "rank1": {name: _records(found) for name, found in ranks.items()},
        "units": {condition.name: condition.unit for condition in CONDITIONS},
        "textures": _texture_errors(truth, textures, source),
        "maps": {label: map_errors(truth, network) for label, network in maps.items()},
        **provenance(),
    }
    write_result(args.output, record)
    print(alignment_tables(record))
    if args.figure is not None:
        draw_alignment(record).save(args.figure)
    if args.sheet is not None:
        draw_sheet(truth, _first(textures), _first(maps)).save(args.sheet, quality=90)
    return OK


def _networks(kind: UnwrapKind, runs: Sequence[str], device: str) -> dict[str, Unwrapper]:
    place = resolve_device(device)
    return {label: load_unwrapper(kind, [run], place) for label, run in _named(runs).items()}


def _first(networks: Mapping[str, Unwrapper]) -> Unwrapper | None:
    return next(iter(networks.values()), None)


def _ranks(
    truth: Truth, encoders: Mapping[str, str], device: str
) -> dict[str, dict[str, list[Bin]]]:
    features = {label: _features(truth, file, device) for label, file in encoders.items()}
    return {
        condition.name: {
            label: rank1_by(values, truth, condition) for label, values in features.items()
        }
        for condition in CONDITIONS
    }


def _texture_errors(
    truth: Truth, networks: Mapping[str, Unwrapper], source: SyntheticSet
) -> dict[str, dict[str, float]]:
    """Return the errors of each network, and of the mean texture for comparison."""
    methods = {label: drawn_by(network) for label, network in networks.items()}
    if methods:
        methods[MEAN_TEXTURE] = mean_texture_baseline(source)
    return {label: texture_errors(truth, draw, source.folder) for label, draw in methods.items()}


def _features(truth: Truth, file: str, device: str) -> Floats:
    options = ExtractOptions(device)
    images = (StoredImage(name, name) for name in truth.names)
    return extract_named_images(images, load_encoder(file), options).values


def _records(found: dict[str, list[Bin]]) -> dict[str, list[dict[str, float]]]:
    return {label: [asdict(one) for one in bins if one.queries] for label, bins in found.items()}


def _named(assignments: Sequence[str]) -> dict[str, str]:
    named = {}
    for assignment in assignments:
        label, equals, file = assignment.partition("=")
        if not equals:
            raise InvalidInputError(f"{assignment}: expected LABEL=FILE.")
        named[label] = file
    return named


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return the exit code."""
    return run(build_parser(), alignment, argv)


if __name__ == "__main__":
    sys.exit(main())
