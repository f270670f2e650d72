"""The ``convert`` verb: converts checkpoints of other libraries into folders of this one."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reid_align.cli import OK, Advice, command_parser, run
from reid_align.errors import UnknownNameError

DESCRIPTION = """\
Convert a checkpoint of another library into a folder for --weights and from_pretrained.

  python -m reid_align.convert osnet_x1_0_msmt17.pth -o osnet
  python -m reid_align.convert hf-hub:OWNER/REPOSITORY/osnet_x1_0_msmt17.pth -o osnet
  python -m reid_align.convert imagenet:mobilenet_v2 -o mobilenet

Reads OSNet (torchreid), ResNets of fast-reid, reid-strong-baseline and
Person_reID_baseline_pytorch, checkpoints of the official SAN code, and ImageNet weights in the
packages of the extra imagenet. The network is recognized by its tensors; every tensor is converted
or listed as left out. No code in the file is run. The terms of the weights stay those of their
authors and of their training data."""

ADVICE: Advice = {UnknownNameError: "Set arguments of the architecture with --set NAME=VALUE."}


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    parser = command_parser("convert", DESCRIPTION)
    parser.add_argument(
        "source",
        metavar="FILE",
        help="file written by torch.save, or .safetensors; hf-hub:OWNER/REPOSITORY/FILE, "
        "optionally with @REVISION; or imagenet:MODEL",
    )
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="FOLDER", help="new folder"
    )
    parser.add_argument(
        "--size",
        metavar="HEIGHTxWIDTH",
        help="image size that the weights were trained for; default: that of the library",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="argument of the architecture that the file does not determine, such as "
        "last_stride=1; repeatable",
    )
    parser.add_argument(
        "--training-data",
        metavar="TEXT",
        help="what the weights were trained on, and its terms; stored in the folder",
    )
    return parser


def convert(args: argparse.Namespace) -> int:
    """Run the command and return the exit code."""
    # Imported late, because --help should not load torch.
    from reid_align.cli.convert_commands import run_conversion

    run_conversion(args)
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return the exit code."""
    return run(build_parser(), convert, argv, advice=ADVICE)


if __name__ == "__main__":
    sys.exit(main())
