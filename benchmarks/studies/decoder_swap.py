r"""Measure through which encoder maps SAN's decoder draws the texture.

    python -m benchmarks.studies.decoder_swap data/synth \
        --run "no skips=runs/san_pg" --run skips=runs/san_pg_skips

The decoder gets one of the maps e1 to e4 from an image of another identity. The error of the
texture then rises by what came through that map. With skip connections the decoder reads all four
maps, and the feature is the mean of e4 alone. Each run is one of `san_pg` or SAN, trained with
`--set task.decoder.skips=false` or `true`. About a minute per run and 1,000 images on two cores.

Writes benchmarks/results/decoder_swap.json.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command_line import benchmark_parser, named_folder
from benchmarks.docs_tables.alignment_tables import decoder_swap as swap_table
from benchmarks.result_files import RESULTS, provenance, write_result
from benchmarks.studies.map_swaps import NONE, swap_errors
from reid_align.batches.sources import SyntheticSource
from reid_align.cli import OK, run
from reid_align.datasets.synthetic_set import SyntheticSet
from reid_align.errors import InvalidInputError
from reid_align.files import check_writable
from reid_align.inference.device import resolve_device
from reid_align.unwrapping import TextureUnwrapper, load_unwrapper


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("python -m benchmarks.studies.decoder_swap", __doc__)
    parser.add_argument("set", type=Path, help="folder of a synthetic set")
    parser.add_argument(
        "--run",
        action="append",
        required=True,
        type=named_folder,
        metavar="LABEL=FOLDER",
        help="run with an encoder and a decoder; repeatable",
    )
    parser.add_argument("--split", choices=("val", "test"), default="test", help="split to measure")
    parser.add_argument("--device", default="auto", help="torch device")
    parser.add_argument(
        "-o", "--output", type=Path, default=RESULTS / "decoder_swap.json", help="result file"
    )
    return parser


def decoder_swap(args: argparse.Namespace) -> int:
    """Measure, write and print, and return the exit code."""
    check_writable(args.output)
    source, device = SyntheticSource(args.set, args.split), resolve_device(args.device)
    rows = []
    for label, folder in args.run:
        network = load_unwrapper("texture", [folder], device)
        if not isinstance(network, TextureUnwrapper):
            raise InvalidInputError(f"{folder} draws no textures.")
        encoder, decoder = network.modules
        rows.append(
            {
                "label": label,
                "architecture": encoder.architecture,
                "image": [network.preprocess.height, network.preprocess.width],
                "skips": decoder.arch_args["skips"],
                "encoder": encoder.origin.sha256,
                "errors": swap_errors(source, network),
            }
        )
    record: dict[str, object] = {
        "benchmark": "decoder_swap",
        "split": args.split,
        "images": len(source.person_ids),
        "set": dict(SyntheticSet(args.set).settings),
        "reference": NONE,
        "rows": rows,
        **provenance(),
    }
    write_result(args.output, record)
    print(swap_table(record))
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return the exit code."""
    return run(build_parser(), decoder_swap, argv)


if __name__ == "__main__":
    sys.exit(main())
