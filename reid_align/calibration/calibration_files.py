"""Calibration files, and the calibrations that ship with the package."""

import json
import os
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

from reid_align.calibration.calibration_record import Calibration
from reid_align.errors import InvalidInputError
from reid_align.files import replace_file, writing
from reid_align.typed_reading import SCHEMA, parse_document, read_record

SHIPPED = Path(__file__).with_name("shipped")


def read_calibration(file: str | os.PathLike[str]) -> Calibration:
    """Read a calibration that `write_calibration` wrote.

    Raises:
        InvalidInputError: the file cannot be read or is not a calibration.
    """
    try:
        return read_record(
            Calibration, parse_document(Path(file).read_text("utf-8")), is_shipped=False
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(
            f"Cannot read the calibration {os.fspath(file)}: {reason}. Give a file that calibrate "
            "wrote."
        ) from error


def write_calibration(calibration: Calibration, file: str | os.PathLike[str]) -> None:
    """Write a calibration as JSON, one key per line.

    Raises:
        OutputError: the file cannot be written.
    """
    entries = asdict(calibration)
    del entries["is_shipped"]
    document = {"schema": SCHEMA, **entries}
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(document[key])}" for key in document)
    with writing(Path(file)):
        replace_file(Path(file), f"{{\n{lines}\n}}\n".encode())


def shipped_calibration(digest: str) -> Calibration | None:
    """Return the calibration in the package for features with this digest, or None."""
    found = (calibration for calibration in _shipped() if calibration.digest == digest)
    return next(found, None)


def find_calibration(
    file: str | os.PathLike[str] | None, digest: str, name: str = "the features"
) -> Calibration | None:
    """Read a calibration for features with a digest, or look for a shipped one.

    Args:
        file: the calibration; None uses the one in the package, if there is one.
        digest: digest of the features; "" if unknown.
        name: name of the features in messages, such as "the gallery".

    Raises:
        InvalidInputError: the file is not a calibration.
        MixedFeaturesError: the calibration is for another encoder or other options.
    """
    if file is None:
        return shipped_calibration(digest)
    calibration = read_calibration(file)
    calibration.require_digest(digest, name)
    return calibration


@cache
def _shipped() -> tuple[Calibration, ...]:
    return tuple(
        replace(read_calibration(file), is_shipped=True) for file in sorted(SHIPPED.glob("*.json"))
    )
