"""Command ``python -m reid_align.verify A.jpg B.jpg``: do two images show the same identity?"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from reid_align.cli import (
    ENCODER_ADVICE,
    OK,
    Advice,
    add_calibration_options,
    add_compute_options,
    add_encoder_options,
    command_parser,
    run,
)
from reid_align.cli.new_outputs import add_force_option, check_new_outputs
from reid_align.errors import ImageReadError, InvalidInputError
from reid_align.files import replace_file, writing

DESCRIPTION = """\
Compare two person images: distance, probability of the same identity, and decision.

  python -m reid_align.verify a.jpg b.jpg --calibration calibration.json

The exit code is 0 for both decisions; -o writes them as JSON. The calibration that ships with the
weights is from synthetic people. Make one from your own images with calibrate."""


ADVICE: Advice = {
    **ENCODER_ADVICE,
    ImageReadError: "Give another file, or save the image again in a common format.",
}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("verify", DESCRIPTION)
    parser.add_argument("first", metavar="A", help="image file")
    parser.add_argument("second", metavar="B", help="image file")
    add_calibration_options(parser)
    parser.add_argument("-o", "--output", metavar="FILE.json", help="write the result as JSON")
    add_force_option(parser)
    add_encoder_options(parser)
    add_compute_options(parser)
    return parser


def verify(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load torch.
    from reid_align.calibration import compare_images, decision_report, find_calibration
    from reid_align.cli.calibrate_inputs import extract_options
    from reid_align.cli.encoder_choice import select_encoder
    from reid_align.features import FeatureExtractor

    check_new_outputs([args.output], args.force)
    if args.adapt:
        raise InvalidInputError("--adapt needs many images. Remove it.")
    encoder = select_encoder(args.model, args.weights, args.seed)
    extractor = FeatureExtractor(encoder, extract_options(args))
    calibration = find_calibration(args.calibration, extractor.digest, "the encoder")
    decision = compare_images(args.first, args.second, extractor, calibration, prior=args.prior)
    if args.output:
        document = asdict(decision) | {
            "prior": args.prior,
            "false_match_rate": calibration and calibration.false_match_rate,
            "calibration": calibration and calibration.place,
            "digest": extractor.digest,
        }
        with writing(Path(args.output)):
            replace_file(Path(args.output), json.dumps(document, indent=1).encode() + b"\n")
    print(decision_report(decision, calibration))
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), verify, argv, advice=ADVICE)


if __name__ == "__main__":
    sys.exit(main())
