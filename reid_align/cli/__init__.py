"""Command line. Importing this package does not load torch."""

from reid_align.cli.advice import ENCODER_ADVICE, Advice
from reid_align.cli.command import (
    FAILURE,
    INTERRUPTED,
    OK,
    SOME_FAILED,
    USAGE,
    close_quietly,
    command_parser,
    run,
)
from reid_align.cli.common_options import (
    add_batch_option,
    add_compute_options,
    add_device_option,
    add_encoder_options,
)
from reid_align.cli.renamed_options import add_renamed_option

__all__ = [
    "ENCODER_ADVICE",
    "FAILURE",
    "INTERRUPTED",
    "OK",
    "SOME_FAILED",
    "USAGE",
    "Advice",
    "add_batch_option",
    "add_compute_options",
    "add_device_option",
    "add_encoder_options",
    "add_renamed_option",
    "close_quietly",
    "command_parser",
    "run",
]
