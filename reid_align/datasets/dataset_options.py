"""Dataset options as text: parsing and description."""

from collections.abc import Sequence
from dataclasses import MISSING, fields
from types import NoneType
from typing import get_args, get_type_hints

from reid_align.datasets.dataset_registry import DATASETS, Option
from reid_align.errors import InvalidInputError

BOOLEANS = {"true": True, "false": False}


def parse_options(name: str, assignments: Sequence[str]) -> dict[str, Option]:
    """Parse ``["check_counts=false", …]`` to options of `load_dataset`.

    Args:
        name: name of the dataset.
        assignments: each ``OPTION=VALUE``; `load_dataset` checks that the option exists.

    Raises:
        UnknownNameError: unknown dataset.
        InvalidInputError: an assignment without "=", or a value of the wrong type.
    """
    kinds = get_type_hints(DATASETS[name])
    options: dict[str, Option] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise InvalidInputError(f"Dataset option {assignment!r}: write OPTION=VALUE.")
        options[key] = _read(key, value, kinds.get(key))
    return options


def describe_datasets() -> str:
    """Return one line per dataset: name, title and options with defaults."""
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
        raise InvalidInputError(f"Dataset option {key}={value!r}: give {allowed}.")
    return value


def _describe_options(name: str) -> str:
    shown = [
        f"{field.name}" + ("" if field.default is MISSING else f"={str(field.default).lower()}")
        for field in fields(DATASETS[name])
    ]
    return f"  ({', '.join(shown)})" if shown else ""
