"""``--data NAME=FOLDER``, which may be repeated, as several of these commands take it."""

import argparse
from typing import NamedTuple


class NamedFolder(NamedTuple):
    """A dataset by the name that `load_dataset` knows, and where it lies."""

    name: str
    folder: str


def add_data_option(group: argparse._ActionsContainer, purpose: str) -> None:
    """Add the option; its value is a list of `NamedFolder`, empty where it is not given."""
    group.add_argument(
        "--data",
        action="append",
        default=[],
        type=named_folder,
        metavar="NAME=FOLDER",
        help=purpose,
    )


def named_folder(text: str) -> NamedFolder:
    """Take a value apart.

    Raises:
        ArgumentTypeError: the name or the folder is missing; the parser says so and stops.
    """
    name, _, folder = text.partition("=")
    if not (name and folder):
        raise argparse.ArgumentTypeError(f"{text}: write NAME=FOLDER.")
    return NamedFolder(name, folder)
