"""What an output folder says of how its files were made, so that no two ways are mixed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from reid_align.errors import OutputError
from reid_align.features import FailedImage
from reid_align.features.formats import Json, write_json
from reid_align.files import writing
from reid_align.unwrapping.networks import Unwrapper

NAME = "unwrap.json"
SETTINGS, FAILED = "settings", "failed"


def describe(unwrapper: Unwrapper) -> Mapping[str, Json]:
    """Return everything that decides the pixels of an output."""
    networks: list[Json] = [
        {
            "architecture": module.architecture,
            "arch_args": dict(module.arch_args),
            "sha256": module.origin.sha256,
        }
        for module in unwrapper.modules
    ]
    # Through JSON and back: tuples become the lists that a reader of the file will get.
    preprocess = json.loads(json.dumps(asdict(unwrapper.preprocess)))
    return {"to": unwrapper.kind, "networks": networks, "preprocess": preprocess}


def open_output(folder: Path, settings: Mapping[str, Json]) -> None:
    """Make the folder of an output, or continue one that was begun with the same settings.

    Raises:
        OutputError: it holds something else, was begun with other settings, or cannot be written.
    """
    with writing(folder):
        if (folder / NAME).is_file():
            _require_same(folder, settings)
            return
        if folder.is_dir() and any(folder.iterdir()):
            raise OutputError(
                f"{folder} holds files, but no {NAME}. Give a new or an empty folder."
            )
        folder.mkdir(parents=True, exist_ok=True)
        write_record(folder, settings, ())


def write_record(folder: Path, settings: Mapping[str, Json], failed: Sequence[FailedImage]) -> None:
    """Write how the files of a folder were made, and which images could not be read."""
    entries: list[Json] = [{"path": image.path, "error": image.error} for image in failed]
    write_json(folder / NAME, {SETTINGS: settings, FAILED: entries})


def _require_same(folder: Path, settings: Mapping[str, Json]) -> None:
    try:
        before = json.loads((folder / NAME).read_text("utf-8"))[SETTINGS]
    except (ValueError, TypeError, KeyError) as error:
        raise OutputError(f"{folder / NAME} is damaged ({error}). Delete the folder.") from error
    if before != settings:
        raise OutputError(
            f"{folder} was begun with other weights or settings (see {NAME} in it). Give another "
            "folder, or delete it."
        )
