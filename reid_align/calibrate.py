"""Command ``python -m reid_align.calibrate DATASET ROOT -o calibration.json``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reid_align.cli import (
    ENCODER_ADVICE,
    OK,
    Advice,
    add_compute_options,
    add_encoder_options,
    command_parser,
    run,
)
from reid_align.cli.calibrate_arguments import add_calibrate_arguments
from reid_align.cli.evaluate_options import check_encoder_options
from reid_align.cli.new_outputs import check_new_outputs
from reid_align.errors import RateNotMeasurableError
from reid_align.progress import working

DESCRIPTION = """\
Calibrate an encoder on labeled images: a distance threshold for "same identity" at a chosen false
match rate, the probability for each distance, and error rates with confidence intervals.

  python -m reid_align.calibrate --pairs pairs.csv -o calibration.json
  python -m reid_align.calibrate csv mine.csv -o calibration.json --plot calibration.png
  python -m reid_align.calibrate folder crops --data-option 'pattern=(?P<person_id>[^/]+)/' \
-o calibration.json
  python -m reid_align.calibrate synthetic data/synth -o calibration.json"""

ADVICE: Advice = {
    **ENCODER_ADVICE,
    RateNotMeasurableError: "The option is --false-match-rate.",
}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("calibrate", DESCRIPTION)
    add_calibrate_arguments(parser)
    add_encoder_options(parser)
    add_compute_options(parser)
    return parser


def calibrate(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load torch.
    from reid_align.calibration import (
        CARRY_OVER_NOTE,
        Bootstrap,
        calibration_report,
        fit_calibration,
        write_calibration,
    )
    from reid_align.cli.calibrate_inputs import pairs_of_arguments

    check_new_outputs([args.output], args.force, args.plot)
    check_encoder_options(args, build_parser().get_default, uses_seed=True)
    bootstrap = Bootstrap(args.bootstrap, args.seed)
    pairs, digest, source = pairs_of_arguments(args)
    with working("fitting the calibration"):
        calibration = fit_calibration(
            pairs,
            digest=digest,
            place=args.place or source,
            source=source,
            false_match_rate=args.false_match_rate,
            bootstrap=bootstrap,
        )
    if args.plot:
        from reid_align.calibration.calibration_plot import draw_calibration
        from reid_align.cli.image_output import write_image

        write_image(draw_calibration(calibration), Path(args.plot))
    write_calibration(calibration, args.output)
    print(calibration_report(calibration))
    print(f"\n{CARRY_OVER_NOTE}\nWrote {args.output}.", file=sys.stderr)
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run and return the exit code."""
    return run(build_parser(), calibrate, argv, advice=ADVICE)


if __name__ == "__main__":
    sys.exit(main())
