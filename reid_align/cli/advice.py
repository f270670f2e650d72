"""Advice about command-line options that is appended to error messages.

The library states facts and names Python arguments. A command maps error classes to the options
that solve the error; the most specific class wins.
"""

from collections.abc import Mapping
from typing import TypeAlias

from reid_align.errors import (
    BackendError,
    DatasetOptionError,
    DeviceNotFoundError,
    ReidAlignError,
    UnfinishedOutputError,
    UnmatchedFeaturesError,
    UnsupportedComputeError,
    WeightsNotFoundError,
    WorkerProcessError,
)

Advice: TypeAlias = Mapping[type[ReidAlignError], str]

COMMON_ADVICE: Advice = {
    DeviceNotFoundError: "Use --device cpu.",
    UnsupportedComputeError: "Change --device, --dtype or --backend.",
    BackendError: "Use --backend torch.",
    DatasetOptionError: "Give options of a dataset with --data-option 'OPTION=VALUE'.",
    UnmatchedFeaturesError: "Use --features-root FOLDER for the former folder.",
    UnfinishedOutputError: "Use --resume to continue it.",
    WorkerProcessError: "Set the number with --num-workers.",
}
ENCODER_ADVICE: Advice = {
    WeightsNotFoundError: "Options: --weights FILE, --model user/repo, or --weights random (for "
    "testing only).",
}


def with_advice(error: ReidAlignError, advice: Advice) -> str:
    """Return the error message, followed by the advice for its most specific class, if any."""
    known = {**COMMON_ADVICE, **advice}
    found = next((known[kind] for kind in type(error).__mro__ if kind in known), None)
    message = str(error)
    if not found:
        return message
    return f"{message if message.endswith('.') else f'{message}.'} {found}"
