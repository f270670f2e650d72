"""Command ``python -m reid_align.export NAME -o model.onnx``: encoder for other runtimes."""

import argparse
import sys
from collections.abc import Sequence

from reid_align.cli import ENCODER_ADVICE, OK, Advice, command_parser, run
from reid_align.errors import OutputExistsError, UnsupportedComputeError

DESCRIPTION = """\
Export an encoder with all preprocessing, for ONNX Runtime, OpenVINO or PyTorch.

  python -m reid_align.export -o model.onnx --check
  python -m reid_align.export dsa_reid -o small.onnx --precision int8 --images crops/ --check
  python -m reid_align.export --weights runs/mine -o model.xml

The model takes images (N, H, W, 3) uint8 RGB of any size and returns features (N, D) float32 of
length 1, the same as extract. `extract --model model.onnx` runs it."""

ADVICE: Advice = {
    **ENCODER_ADVICE,
    OutputExistsError: "Use --force to replace it.",
    UnsupportedComputeError: "Change -o or --precision.",
}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("export", DESCRIPTION)
    parser.add_argument(
        "model",
        nargs="?",
        metavar="NAME",
        help="architecture, published weights (NAME.TAG) or Hub repository (user/repo); default: "
        "as for extract",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help=".onnx (extra onnx), .xml (OpenVINO; extra openvino) or .pt2 (torch.export)",
    )
    parser.add_argument("--weights", metavar="WEIGHTS", help="as for extract")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of --weights random; default: %(default)s"
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "float16", "int8"),
        default="float32",
        help="number format of the network; default: %(default)s",
    )
    parser.add_argument(
        "--images",
        nargs="+",
        default=[],
        metavar="INPUT",
        help="person images from your cameras, as for extract: calibrate int8, and are compared by "
        "--check; up to 256 are used",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare with extract on images of eight sizes; write nothing and exit with 1 if a "
        "cosine is below 0.9995 (float16, int8: 0.995)",
    )
    parser.add_argument(
        "--license",
        metavar="TEXT",
        help="license of the weights, stored in the file; default: that of published weights",
    )
    parser.add_argument("--force", action="store_true", help="replace existing files")
    return parser


def export(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load torch.
    from reid_align.cli.encoder_choice import select_encoder
    from reid_align.cli.export_images import read_images
    from reid_align.exporting import export_encoder
    from reid_align.progress import working

    encoder = select_encoder(args.model, args.weights, args.seed)
    images = read_images(args.images)
    with working("exporting"):
        done = export_encoder(
            encoder,
            args.output,
            precision=args.precision,
            images=images,
            license_name=args.license,
            check=args.check,
            overwrite=args.force,
        )
    record = done.record
    print(
        f"{done.path}: {record.weights.name}, {record.precision}, {record.feature_dim} numbers per "
        f"image, {done.bytes / 2**20:.1f} MiB, license: {record.license}",
        file=sys.stderr,
    )
    if done.check:
        print(f"check passed: {done.check}")
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), export, argv, advice=ADVICE)


if __name__ == "__main__":
    sys.exit(main())
