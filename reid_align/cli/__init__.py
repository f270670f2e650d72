"""The command line: what all commands share, and options in groups. Nothing here loads torch."""

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
from reid_align.cli.options import (
    add_batch_option,
    add_compute_options,
    add_device_option,
    add_encoder_options,
)

__all__ = [
    "FAILURE",
    "INTERRUPTED",
    "OK",
    "SOME_FAILED",
    "USAGE",
    "add_batch_option",
    "add_compute_options",
    "add_device_option",
    "add_encoder_options",
    "close_quietly",
    "command_parser",
    "run",
]
