"""Refusal of options that are given twice."""

import argparse
import weakref
from collections.abc import Sequence
from typing import Any


class StoreOnce(argparse._StoreAction):
    """Store a value, and refuse a second one: it would silently replace the first."""

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
                parser.error(f"{option_string} is given twice. Give it once.")
            self._stored_in = weakref.ref(namespace)
        super().__call__(parser, namespace, values, option_string)
