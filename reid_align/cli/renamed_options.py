"""Old spellings of renamed options, refused with the new one in the message."""

import argparse
from typing import NoReturn


def add_renamed_option(container: argparse._ActionsContainer, old: str, new: str) -> None:
    """Refuse the option ``old`` with a message that names ``new``; it is hidden in the help."""

    class Refuse(argparse.Action):
        """Report the new name and exit with code 2."""

        def __call__(
            self,
            parser: argparse.ArgumentParser,
            namespace: argparse.Namespace,
            values: object,
            option_string: str | None = None,
        ) -> NoReturn:
            """Exit with an error message."""
            parser.error(f"{old} is now {new}. Use {new} {'VALUE' if values is None else values}.")

    container.add_argument(
        old, action=Refuse, nargs="?", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
