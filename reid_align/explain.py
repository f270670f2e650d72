"""Command ``python -m reid_align.explain A B -o why.jpg``: regions behind a similarity."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from reid_align.cli import (
    ENCODER_ADVICE,
    OK,
    Advice,
    add_device_option,
    add_encoder_options,
    command_parser,
    run,
)
from reid_align.cli.image_output import add_image_output, write_image
from reid_align.cli.new_outputs import add_force_option, check_new_outputs
from reid_align.errors import ImageReadError
from reid_align.files import replace_file, writing
from reid_align.progress import working

DESCRIPTION = """\
Show which regions of an image determine its features, or why two images are similar.

  python -m reid_align.explain a.jpg -o look.jpg
  python -m reid_align.explain a.jpg b.jpg -o why.jpg

-o why.jpg writes two files:
  why.jpg    images, heat maps, and lines between the regions of two images that match
  why.json   the numbers: similarity, contribution of each region, matching regions

The methods:
  positions  share of each position of the last feature map; the sum is the similarity
  occlusion  drop of the similarity when the region is covered; for every encoder, needs captum"""

ADVICE: Advice = {
    **ENCODER_ADVICE,
    ImageReadError: "Give another file, or save the image again in a common format.",
}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("explain", DESCRIPTION)
    parser.add_argument("image", metavar="IMAGE", help="image to explain")
    parser.add_argument(
        "other", nargs="?", metavar="OTHER", help="image to compare it to; default: itself"
    )
    add_image_output(parser)
    add_force_option(parser)
    parser.add_argument(
        "--method",
        choices=("positions", "occlusion"),
        default="positions",
        help="computation of the heat maps; default: %(default)s",
    )
    parser.add_argument(
        "--matches",
        type=int,
        default=8,
        metavar="N",
        help="draw at most N matching regions, 0 to 20; default: %(default)s",
    )
    add_encoder_options(parser)
    add_device_option(parser)
    return parser


def explain(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    numbers = Path(args.output).with_suffix(".json")
    check_new_outputs([str(numbers)], args.force, args.output)
    # Imported late: --help does not load torch.
    from reid_align.cli.encoder_choice import select_encoder
    from reid_align.explanation import explain_image, explain_pair
    from reid_align.features import ExtractOptions, describe_features

    encoder = select_encoder(args.model, args.weights, args.seed)
    how = {"method": args.method, "device": args.device}
    with working("explaining"):
        if args.other is None:
            explanation = explain_image(args.image, encoder, **how)
        else:
            explanation = explain_pair(args.image, args.other, encoder, **how)
    drawn = explanation.draw(args.matches)
    described = describe_features(encoder, ExtractOptions())
    document = {"encoder": described, **explanation.to_json()}
    write_image(drawn, args.output)
    with writing(numbers):
        replace_file(numbers, json.dumps(document, indent=1).encode() + b"\n")
    if args.other is not None:
        print(f"similarity {explanation.similarity:.4f}")
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return its exit code."""
    return run(build_parser(), explain, argv, advice=ADVICE)


if __name__ == "__main__":
    sys.exit(main())
