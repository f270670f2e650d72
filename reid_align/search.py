"""Command ``python -m reid_align.search QUERY --gallery GALLERY``: the nearest images."""

import argparse
import sys
from collections.abc import Sequence

from reid_align.cli import (
    ENCODER_ADVICE,
    OK,
    SOME_FAILED,
    Advice,
    add_calibration_options,
    add_compute_options,
    add_encoder_options,
    command_parser,
    run,
)
from reid_align.cli.new_outputs import add_force_option, check_new_outputs
from reid_align.cli.search_arguments import add_gallery_options, add_search_options
from reid_align.errors import EncoderUnavailableError, ImageReadError, MixedFeaturesError

DESCRIPTION = """\
Find the gallery images nearest to each query image. Needs no labels.

  python -m reid_align.search query.jpg --gallery crops/ --sheet hits.jpg
  python -m reid_align.search queries/ --gallery feats.npy -k 20 -o hits.csv --html hits.html

-o hits.csv has the columns query, rank, path, distance, the metadata columns of the gallery, and
probability if a calibration for the encoder is known. Without an output the hits are printed."""

ADVICE: Advice = {
    **ENCODER_ADVICE,
    EncoderUnavailableError: "Name its weights with --weights FILE.",
    MixedFeaturesError: "For a .npy gallery leave out --model and --weights.",
    ImageReadError: "Fix the file, or leave it out with --on-error skip.",
}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("search", DESCRIPTION, skips_images=True)
    parser.add_argument(
        "queries",
        nargs="+",
        metavar="QUERY",
        help="image, folder, quoted glob pattern or .txt list; or features (.npy, .parquet)",
    )
    add_gallery_options(parser)
    parser.add_argument("-o", "--output", metavar="FILE.csv", help="write the hits as CSV")
    parser.add_argument("--sheet", metavar="FILE.jpg", help="draw the hits on one image")
    parser.add_argument("--html", metavar="FILE.html", help="write a page that shows the hits")
    add_force_option(parser)
    add_search_options(parser.add_argument_group("search"))
    add_calibration_options(parser.add_argument_group("calibration"))
    add_encoder_options(parser)
    add_compute_options(parser)
    return parser


def search(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    check_new_outputs((args.output, args.html), args.force, args.sheet)
    # Imported late: --help does not load torch.
    from reid_align.cli.search_inputs import failed_images, search_with_arguments
    from reid_align.cli.search_outputs import print_hits, write_hits

    answers, failed = search_with_arguments(args, build_parser().get_default)
    write_hits(answers, args.output, args.sheet, args.html)
    if args.output is args.sheet is args.html is None:
        print_hits(answers)
    if failed:
        print(failed_images(failed), file=sys.stderr)
    return SOME_FAILED if failed else OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return its exit code."""
    return run(build_parser(), search, argv, advice=ADVICE)


if __name__ == "__main__":
    sys.exit(main())
