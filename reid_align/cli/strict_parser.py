"""Argument parser that refuses options given twice."""

import argparse
import weakref
from collections.abc import Sequence
from typing import Any


class StrictParser(argparse.ArgumentParser):
    """Parser of a command or of shared options; a repeated value option is an error, exit code 2.

    argparse itself would silently use the last value. Actions that collect values ("append") may be
    repeated, and so may flags. Subcommands are parsed by this class, too.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:  # noqa: ANN401 - argparse
        super().__init__(*args, **settings)
        for action in (None, "store"):
            self.register("action", action, StoreOnce)


class StoreOnce(argparse._StoreAction):
    """Store a value, and refuse a second one."""

    _stored_in: "weakref.ref[argparse.Namespace] | None" = None

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Store the value in the namespace, or exit with code 2."""
        if option_string is not None:
            if self._stored_in is not None and self._stored_in() is namespace:
                several = ", with all its values after it" if self.nargs in ("+", "*") else ""
                parser.error(f"{option_string} is given twice. Give it once{several}.")
            self._stored_in = weakref.ref(namespace)
        super().__call__(parser, namespace, values, option_string)
