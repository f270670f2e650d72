"""Record of an output folder (``unwrap.json``): settings and failed images."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from reid_align.errors import ImageReadError, OutputError, OutputExistsError
from reid_align.files import remove_stale_files, replace_file, writing
from reid_align.unwrapping.unwrappers import Unwrapper

NAME = "unwrap.json"
SETTINGS, FAILED = "settings", "failed"


def describe(unwrapper: Unwrapper) -> Mapping[str, object]:
    """Return all settings that determine the output, as JSON values."""
    settings = {
        "to": unwrapper.kind,
        "networks": [
            {
                "architecture": module.architecture,
                "arch_args": dict(module.arch_args),
                "sha256": module.origin.sha256,
            }
            for module in unwrapper.modules
        ],
        "preprocess": asdict(unwrapper.preprocess),
    }
    # The round trip turns tuples into lists, which the comparison with a file needs.
    described: Mapping[str, object] = json.loads(json.dumps(settings))
    return described


def open_output(folder: Path, settings: Mapping[str, object]) -> None:
    """Create the output folder, or resume one with the same settings and clean it up.

    Raises:
        OutputExistsError: the folder contains other files, or was made with different settings.
        OutputError: it cannot be written.
    """
    with writing(folder):
        if (folder / NAME).is_file():
            _require_same(folder, settings)
            remove_stale_files(folder)
            return
        if folder.is_dir() and any(folder.iterdir()):
            raise OutputExistsError(
                f"{folder} contains files but no {NAME}. Choose a new or an empty folder."
            )
        folder.mkdir(parents=True, exist_ok=True)
        write_record(folder, settings, ())


def write_record(
    folder: Path, settings: Mapping[str, object], failed: Sequence[ImageReadError]
) -> None:
    """Write the settings and the images that could not be read."""
    failures = [{"path": error.path, "error": error.reason} for error in failed]
    text = json.dumps({SETTINGS: settings, FAILED: failures}, indent=1)
    replace_file(folder / NAME, text.encode() + b"\n")


def _require_same(folder: Path, settings: Mapping[str, object]) -> None:
    try:
        before = json.loads((folder / NAME).read_text("utf-8"))[SETTINGS]
    except (ValueError, TypeError, KeyError) as error:
        raise OutputError(
            f"{folder / NAME} is damaged ({error}). Delete the folder, or choose another one."
        ) from error
    if before != settings:
        raise OutputExistsError(
            f"{folder} was made with other weights or settings (see {NAME} in it). Choose another "
            "folder, or delete this one."
        )
