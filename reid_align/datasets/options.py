"""Datasets and their options as a command line names them."""

from collections.abc import Sequence
from dataclasses import MISSING, fields
from types import NoneType
from typing import get_args, get_type_hints

from reid_align.datasets.loader import DATASETS, Option
from reid_align.errors import InvalidInputError

BOOLEANS = {"true": True, "false": False}


def parse_options(name: str, assignments: Sequence[str]) -> dict[str, Option]:
    """Turn ``["check_counts=false", …]`` into the options of `load_dataset`.

    Args:
        name: the dataset's name.
        assignments: each ``OPTION=VALUE``; whether the option exists is for `load_dataset` to say.

    Raises:
        UnknownNameError: there is no dataset of that name.
        InvalidInputError: an assignment without "=", or a value of another type than the option's.
    """
    kinds = get_type_hints(DATASETS[name])
    options: dict[str, Option] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise InvalidInputError(f"Option {assignment!r}: write OPTION=VALUE.")
        options[key] = _read(key, value, kinds.get(key))
    return options


def describe_datasets() -> str:
    """Return a line for each dataset: its name, its title, its options with their defaults."""
    width = max(map(len, DATASETS))
    return "\n".join(
        f"{name:<{width}}  {DATASETS[name].title}{_describe_options(name)}" for name in DATASETS
    )


def _read(key: str, value: str, kind: object) -> Option:
    kinds = get_args(kind) or (kind,)
    if bool in kinds and value.lower() in BOOLEANS:
        return BOOLEANS[value.lower()]
    if int in kinds and value.removeprefix("-").isdecimal():
        return int(value)
    if NoneType in kinds and value.lower() == "none":
        return None
    if bool in kinds or int in kinds:
        allowed = "true or false" if bool in kinds else "a whole number"
        raise InvalidInputError(f"Option {key}={value!r}: give {allowed}.")
    return value


def _describe_options(name: str) -> str:
    shown = [
        f"{field.name}" + ("" if field.default is MISSING else f"={str(field.default).lower()}")
        for field in fields(DATASETS[name])
    ]
    return f"  ({', '.join(shown)})" if shown else ""
