r"""What alignment is for, measured where the truth is known: on a synthetic set.

    python benchmarks/alignment.py data/synth --encoder baseline=runs/base/encoder.safetensors \
        --encoder SAN=runs/san/san/encoder.safetensors --textures SAN-PG=runs/san/pg \
        --maps dense_uv=runs/dense_uv

Rank-1 of each encoder by how far the body is turned from one image to the other, by how much of
it is hidden, and by how differently the two boxes are placed; textures by their mean absolute error
and structural similarity; dense maps by the overlap of parts and the error of their coordinates.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from aligned.drawings import drawn_by, drawn_without_looking, map_errors, texture_errors
from aligned.ranks import CONDITIONS, Bin, rank1_by
from aligned.sheet import draw_sheet
from aligned.tables import alignment as alignment_tables
from aligned.tables import draw_alignment
from aligned.truth import Floats, Truth, read_truth
from provenance import RESULTS, provenance, write_result

from reid_align.cli import OK, run
from reid_align.datasets.synthetic_set import SyntheticSet
from reid_align.errors import InvalidInputError
from reid_align.evaluation.feature_matching import StoredImage
from reid_align.features import ExtractOptions, gather_features, resolve_device
from reid_align.files import check_writable
from reid_align.models.pretrained import load_encoder
from reid_align.unwrapping import UnwrapKind, Unwrapper, load_unwrapper

NOBODY = "the mean texture"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = argparse.ArgumentParser(
        "alignment.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path, help="a set that reid_align.synthesize wrote")
    for option, what in (
        ("--encoder", "an encoder to compare"),
        ("--textures", "a run of SAN-PG or SAN, whose textures are judged"),
        ("--maps", "a run of dense_uv, whose maps are judged"),
    ):
        parser.add_argument(
            option, action="append", default=[], metavar="LABEL=FILE", help=f"{what}; repeatable"
        )
    parser.add_argument("--split", choices=("val", "test"), default="test")
    parser.add_argument("--device", default="auto")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / "alignment.json")
    parser.add_argument("--figure", type=Path, metavar="FILE.png", help="rank-1 as curves")
    parser.add_argument(
        "--sheet",
        type=Path,
        metavar="FILE.jpg",
        help="what the first networks of --textures and --maps draw, beside the truth",
    )
    return parser


def alignment(args: argparse.Namespace) -> int:
    """Measure, write and print, and return the exit code."""
    for output in filter(None, (args.output, args.figure, args.sheet)):
        check_writable(output)
    truth, held = read_truth(args.set, args.split), SyntheticSet(args.set)
    textures = _networks("texture", args.textures, args.device)
    maps = _networks("iuv", args.maps, args.device)
    ranks = _ranks(truth, _named(args.encoder), args.device)
    record: dict[str, object] = {
        "benchmark": "alignment",
        "split": args.split,
        "images": len(truth.names),
        "set": dict(held.settings),
        "rank1": {name: _records(found) for name, found in ranks.items()},
        "units": {condition.name: condition.unit for condition in CONDITIONS},
        "textures": _texture_errors(truth, textures, held),
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
    truth: Truth, networks: Mapping[str, Unwrapper], held: SyntheticSet
) -> dict[str, dict[str, float]]:
    """Return the errors of each network and, for comparison, of a texture that is no-one's."""
    ways = {label: drawn_by(network) for label, network in networks.items()}
    if ways:
        ways[NOBODY] = drawn_without_looking(held)
    return {label: texture_errors(truth, way, held.folder) for label, way in ways.items()}


def _features(truth: Truth, file: str, device: str) -> Floats:
    options = ExtractOptions(device)
    images = (StoredImage(name, name) for name in truth.names)
    return gather_features(images, load_encoder(file), options).values


def _records(found: dict[str, list[Bin]]) -> dict[str, list[dict[str, float]]]:
    return {label: [asdict(one) for one in bins if one.queries] for label, bins in found.items()}


def _named(assignments: Sequence[str]) -> dict[str, str]:
    named = {}
    for assignment in assignments:
        label, equals, file = assignment.partition("=")
        if not equals:
            raise InvalidInputError(f"{assignment}: write LABEL=FILE.")
        named[label] = file
    return named


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), alignment, argv)


if __name__ == "__main__":
    sys.exit(main())
