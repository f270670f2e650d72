"""What a training run says of itself in ``config.json``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reid_align.errors import WeightsFormatError
from reid_align.weights.encoder_repository import WEIGHTS_NAME

CONFIG_NAME, BEST = "config.json", "best"


@dataclass(frozen=True)
class TrainingRun:
    """The part of a run's config that is published.

    Attributes:
        recipe: its name.
        seed: of the last stage.
        commit: of this library; None where the run could not know it.
        data: fingerprints of the training data by stream.
        versions: of what computed, by name.
    """

    recipe: str
    seed: int
    commit: str | None
    data: Mapping[str, str] = field(hash=False)
    versions: Mapping[str, str] = field(hash=False)


def find_run(weights: Path) -> Path | None:
    """Return the ``config.json`` of the run that a file of weights lies in, or in ``best`` of.

    What `save_pretrained` wrote is of no run, wherever it lies; None, as where there is no file.
    """
    if weights.is_dir() or weights.name == WEIGHTS_NAME:
        return None
    folder = weights.parent.parent if weights.parent.name == BEST else weights.parent
    path = folder / CONFIG_NAME
    return path if path.is_file() else None


def read_run(path: Path) -> TrainingRun:
    """Read the ``config.json`` of a run.

    Raises:
        WeightsFormatError: it is none.
    """
    try:
        config = json.loads(path.read_text("utf-8"))
        environment = dict(config["environment"])
        commit = environment.pop("commit")
        return TrainingRun(
            str(config["recipe"]["name"]),
            int(config["training"]["seed"]),
            None if commit is None else str(commit),
            {str(name): str(value) for name, value in config["data"].items()},
            {str(name): str(value) for name, value in environment.items()},
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise WeightsFormatError(
            f"{path}: this is not the config of a training run "
            f"({type(error).__name__}: {error}). Give the folder that train wrote."
        ) from error
