"""Command ``python -m reid_align.serve``: an HTTP service for features, search and comparison."""

import argparse
import sys
from collections.abc import Sequence

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
from reid_align.cli.service_options import add_limit_options, add_listen_options
from reid_align.errors import EncoderUnavailableError, MixedFeaturesError

DESCRIPTION = """\
Serve features, search, changes of a gallery and comparison of two images over HTTP.

  python -m reid_align.serve --gallery GALLERY
  curl -F images=@crop.jpg -F k=5 http://127.0.0.1:8000/search

Paths: /features, /search, /add, /remove, /verify, /health, /metrics (Prometheus), /docs (OpenAPI
page).
Listens on this machine only. Another --host needs a token, which requests send in the header
"Authorization: Bearer TOKEN". Re-identification of people is regulated: read "Responsible use" in
the documentation first."""

ADVICE: Advice = {
    **ENCODER_ADVICE,
    EncoderUnavailableError: "Name its weights with --weights FILE.",
    MixedFeaturesError: "Leave out --model and --weights to use the encoder of the gallery.",
}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this command."""
    parser = command_parser("serve", DESCRIPTION)
    parser.add_argument(
        "--gallery",
        metavar="FOLDER",
        help="gallery to search and extend, created if it does not exist; default: only /features "
        "and /verify",
    )
    add_listen_options(parser.add_argument_group("address"), default_port=8000)
    add_limit_options(parser.add_argument_group("limits"))
    add_calibration_options(parser.add_argument_group("calibration"))
    add_encoder_options(parser)
    add_compute_options(parser)
    return parser


def serve(args: argparse.Namespace) -> int:
    """Run the command on parsed arguments and return its exit code."""
    # Imported late: --help does not load torch.
    from reid_align.cli.service_start import start_service

    start_service(args)
    print("Stopped. Everything that was acknowledged is stored.", file=sys.stderr)
    return OK


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run the command and return its exit code."""
    return run(build_parser(), serve, argv, "rows that were added are kept", ADVICE)


if __name__ == "__main__":
    sys.exit(main())
