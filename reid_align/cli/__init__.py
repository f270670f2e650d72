"""Command line. Importing this package does not load torch."""

from reid_align.cli.advice import ENCODER_ADVICE, Advice
from reid_align.cli.command import command_parser, report, run
from reid_align.cli.common_options import (
    add_batch_option,
    add_calibration_options,
    add_compute_options,
    add_device_option,
    add_encoder_options,
)
from reid_align.cli.failure_messages import FAILURE, INTERRUPTED, OK, SOME_FAILED, USAGE
from reid_align.cli.renamed_options import add_renamed_option
from reid_align.cli.strict_parser import StrictParser

__all__ = [
    "ENCODER_ADVICE",
    "FAILURE",
    "INTERRUPTED",
    "OK",
    "SOME_FAILED",
    "USAGE",
    "Advice",
    "StrictParser",
    "add_batch_option",
    "add_calibration_options",
    "add_compute_options",
    "add_device_option",
    "add_encoder_options",
    "add_renamed_option",
    "command_parser",
    "report",
    "run",
]
