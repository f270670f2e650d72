"""Output files that may not exist yet, and the option ``--force``."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from reid_align.cli.image_output import FORMATS
from reid_align.errors import InvalidInputError, OutputExistsError
from reid_align.files import check_writable


def add_force_option(parser: argparse._ActionsContainer) -> None:
    """Add ``--force``."""
    parser.add_argument("--force", action="store_true", help="replace existing outputs")


def check_new_outputs(files: Sequence[str | None], force: bool, image: str | None = None) -> None:
    """Check the outputs before the work starts.

    Args:
        files: output files; None for those that are not written.
        force: whether existing files may be replaced.
        image: an output that is an image.

    Raises:
        OutputExistsError: a file exists and ``force`` is False.
        OutputError: an output is a folder, or its folder does not exist.
        InvalidInputError: two outputs are the same file, an output belongs to a features file, or
            an image has an unknown suffix.
    """
    given = [Path(file) for file in (*files, image) if file is not None]
    if len({file.absolute() for file in given}) < len(given):
        raise InvalidInputError(f"Two outputs are the same file, {given[0]}. Give two names.")
    if image is not None and Path(image).suffix.lower() not in FORMATS:
        raise InvalidInputError(f"Output {image}: the suffix must be one of {', '.join(FORMATS)}.")
    for file in given:
        check_writable(file)
        _check_no_features(file)
        if file.exists() and not force:
            raise OutputExistsError(
                f"Output {file} exists. Choose another name, or replace it with --force."
            )


def _check_no_features(file: Path) -> None:
    """Refuse to replace the paths (.csv) or the description (.json) of features, even forced."""
    features = file.with_suffix(".npy")
    if file.suffix in (".csv", ".json") and features.exists():
        raise InvalidInputError(
            f"Output {file} would replace a part of the features {features}. Choose another name."
        )
