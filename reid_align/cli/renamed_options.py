"""Old spellings of renamed options, refused with the new one in the message."""

import argparse
from typing import NoReturn


class _RefuseRenamed(argparse.Action):
    """Report the new name of an option and exit with code 2."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> NoReturn:
        """Exit with an error message."""
        old, new = self.option_strings[0], self.const
        parser.error(f"{old} is now {new}. Use {new} {'VALUE' if values is None else values}.")


def add_renamed_option(container: argparse._ActionsContainer, old: str, new: str) -> None:
    """Refuse the option ``old`` with a message that names ``new``; it is hidden in the help."""
    container.add_argument(
        old,
        action=_RefuseRenamed,
        const=new,
        nargs="?",
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )
