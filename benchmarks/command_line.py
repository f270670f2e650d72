"""Command-line parser of the benchmarks, and the repeatable option ``--data NAME=FOLDER``."""

import argparse
from pathlib import Path
from typing import NamedTuple

from reid_align.cli.strict_parser import StrictParser

ROOT = Path(__file__).parents[1]


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of the description, and appends defaults to the help of options."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text, default = action.help or "", action.default
        unset = default is None or default is False or default == [] or default == argparse.SUPPRESS
        if unset or "default" in text:
            return text
        if isinstance(default, Path) and default.is_relative_to(ROOT):
            default = default.relative_to(ROOT)
        shown = " ".join(map(str, default)) if isinstance(default, list | tuple) else default
        return f"{text} (default: {shown})"


def benchmark_parser(prog: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser that prints a module's docstring as it is written."""
    return StrictParser(prog, description=description, formatter_class=HelpFormatter)


class NamedFolder(NamedTuple):
    """Dataset name, as for `load_dataset`, and its folder."""

    name: str
    folder: str


def add_data_option(group: argparse._ActionsContainer, purpose: str) -> None:
    """Add the option. Its value is a list of `NamedFolder`, empty by default."""
    group.add_argument(
        "--data",
        action="append",
        default=[],
        type=named_folder,
        metavar="NAME=FOLDER",
        help=purpose,
    )


def named_folder(text: str) -> NamedFolder:
    """Parse NAME=FOLDER.

    Raises:
        ArgumentTypeError: name or folder is missing.
    """
    name, _, folder = text.partition("=")
    if not (name and folder):
        raise argparse.ArgumentTypeError(f"{text}: expected NAME=FOLDER.")
    return NamedFolder(name, folder)
