"""Dataset options as text: parsing and description."""

from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import cast, get_type_hints

from reid_align.datasets.dataset_registry import DATASETS, Option
from reid_align.errors import DatasetOptionError, InvalidInputError
from reid_align.typed_reading import read_text


def parse_options(name: str, assignments: Sequence[str]) -> dict[str, Option]:
    """Parse ``["check_counts=false", …]`` to options of `load_dataset`.

    Args:
        name: name of the dataset.
        assignments: each ``OPTION=VALUE``; `load_dataset` checks that the option exists.

    Raises:
        UnknownNameError: unknown dataset.
        DatasetOptionError: an assignment without "=", a repeated option, or a value of the wrong
            type.
    """
    loader = DATASETS[name]
    hints = get_type_hints(loader)
    kinds = {field.name: hints[field.name] for field in fields(loader)}
    options: dict[str, Option] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise DatasetOptionError(f"Dataset option {assignment!r}: write OPTION=VALUE.")
        if key in options:
            raise DatasetOptionError(f"Dataset option {key} is given twice. Give it once.")
        try:
            value = read_text(kinds.get(key, str), text)
        except InvalidInputError as error:
            raise DatasetOptionError(f"Dataset option {key}={text!r}: give {error}.") from error
        options[key] = cast(Option, value)
    return options


def options_by_dataset(datasets: Sequence[str], assignments: Sequence[str]) -> list[list[str]]:
    """Distribute options over several datasets.

    Args:
        datasets: "NAME=FOLDER" of each.
        assignments: "OPTION=VALUE" for every dataset that has the option, or "N:OPTION=VALUE" for
            dataset N, counted from 1.

    Returns:
        The assignments of each dataset, for `parse_options`. An option that no dataset has is
        given to all, whose errors name it.

    Raises:
        DatasetOptionError: there is no dataset N.
    """
    found: list[list[str]] = [[] for _ in datasets]
    for assignment in assignments:
        number, colon, rest = assignment.partition(":")
        if colon and number.isdecimal():
            if not 1 <= int(number) <= len(datasets):
                raise DatasetOptionError(
                    f"Dataset option {assignment!r}: there is no dataset {number}; "
                    f"{len(datasets)} are given."
                )
            found[int(number) - 1].append(rest)
            continue
        key = assignment.partition("=")[0]
        owners = [i for i, name in enumerate(datasets) if key in _option_names(name)]
        for i in owners or range(len(datasets)):
            found[i].append(assignment)
    return found


def _option_names(dataset: str) -> set[str]:
    name = dataset.partition("=")[0]
    return {field.name for field in fields(DATASETS[name])} if name in DATASETS else set()


def describe_datasets() -> str:
    """Return one line per dataset: name, title and options with defaults."""
    width = max(map(len, DATASETS))
    return "\n".join(
        f"{name:<{width}}  {DATASETS[name].title}{_describe_options(name)}" for name in DATASETS
    )


def _describe_options(name: str) -> str:
    shown = [
        f"{field.name}" + ("" if field.default is MISSING else f"={str(field.default).lower()}")
        for field in fields(DATASETS[name])
    ]
    return f"  ({', '.join(shown)})" if shown else ""
