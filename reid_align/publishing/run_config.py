"""The published part of a training run's ``config.json``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reid_align.errors import WeightsFormatError
from reid_align.weights.encoder_repository import WEIGHTS_NAME

CONFIG_NAME, BEST = "config.json", "best"


@dataclass(frozen=True)
class TrainingRun:
    """Facts about a training run that are published.

    Attributes:
        recipe: name of the recipe.
        seed: seed of the last stage.
        commit: commit of this library; None if unknown.
        data: fingerprints of the training data by stream.
        versions: versions of libraries and hardware by name.
    """

    recipe: str
    seed: int
    commit: str | None
    data: Mapping[str, str] = field(hash=False)
    versions: Mapping[str, str] = field(hash=False)


def find_run(weights: Path) -> Path | None:
    """Return the ``config.json`` of the run that a weights file is in, directly or in ``best``.

    Returns None if there is none, and for output of `save_pretrained`, which belongs to no run.
    """
    if weights.is_dir() or weights.name == WEIGHTS_NAME:
        return None
    folder = weights.parent.parent if weights.parent.name == BEST else weights.parent
    path = folder / CONFIG_NAME
    return path if path.is_file() else None


def read_run(path: Path) -> TrainingRun:
    """Read the ``config.json`` of a run.

    Raises:
        WeightsFormatError: the file is not the config of a run.
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
            f"{path} is not the config of a training run ({type(error).__name__}: {error}). Pass "
            "the folder of a training run."
        ) from error
