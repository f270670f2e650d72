"""How far an unfinished extraction has come, as its folder says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reid_align.errors import OutputError
from reid_align.features.formats import Json

FEATURES, ROWS, FAILED = "features.npy", "rows.csv", "failed.jsonl"
DATA = (FEATURES, ROWS, FAILED)
DESCRIPTION, PROGRESS = "description.json", "progress.json"


@dataclass(frozen=True)
class Progress:
    """How far a run has come: what the files held when they last agreed with each other.

    Attributes:
        images: images dealt with, readable or not.
        rows: features written.
        sizes: bytes of each data file; what lies behind them is a torn tail.
    """

    images: int
    rows: int
    sizes: Mapping[str, int]


NOTHING = Progress(0, 0, {})


def read_state(folder: Path) -> tuple[Progress, Mapping[str, Json]]:
    """Return how far an unfinished run had come, and the settings it was begun with.

    Raises:
        OutputError: its files are damaged, or shorter than what was counted.
    """
    try:
        found = Progress(**json.loads((folder / PROGRESS).read_text("utf-8")))
        before = dict(json.loads((folder / DESCRIPTION).read_text("utf-8")))
        sizes = {name: (folder / name).stat().st_size for name in DATA}
        whole = all(sizes[name] >= found.sizes[name] for name in DATA)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise OutputError(
            f"{folder} is damaged ({error}). Delete that folder to begin anew."
        ) from error
    if not whole:
        raise OutputError(
            f"{folder} is damaged: a file is shorter than what was counted. Delete that "
            "folder to begin anew."
        )
    return found, before
