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
