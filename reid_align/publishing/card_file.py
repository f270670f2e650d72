"""The card file ``NAME.toml``: facts about weights that no training file contains."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reid_align.errors import InvalidInputError
from reid_align.typed_reading import read_record
from reid_align.weights import TrainingData
from reid_align.weights.manifest_records import require

# DukeMTMC: withdrawn by its authors over privacy; nothing derived from it is published.
WITHDRAWN = "duke"
NO_RECIPE = {"name": None, "command": None, "commit": None, "seed": None}


@dataclass(frozen=True)
class CardResult:
    """An evaluation result file listed in the card, with a note for readers."""

    file: str
    note: str | None


@dataclass(frozen=True)
class CardRecipe:
    """The training as the card describes it; a run records everything but the command."""

    name: str | None
    command: str | None
    commit: str | None
    seed: int | None


@dataclass(frozen=True)
class PublisherCard:
    """Content of a card file, the publisher's part of a model card.

    Attributes:
        summary: description of the weights in one or two sentences.
        license: SPDX identifier of the weights' license, such as "Apache-2.0".
        cost: machine and duration of the training.
        citation: BibTeX entry.
        limits: limitations, one sentence each.
        training_data: datasets with their terms.
        results: result files, relative to the card.
        recipe: the training.

    Raises:
        InvalidInputError: a list is empty, or a dataset was withdrawn by its authors.
    """

    summary: str
    license: str
    cost: str
    citation: str
    limits: tuple[str, ...]
    training_data: tuple[TrainingData, ...]
    results: tuple[CardResult, ...]
    recipe: CardRecipe

    @property
    def trained_on(self) -> str:
        """All training data in one line, for the header of the weights file."""
        return "; ".join(f"{data.name} ({data.terms})" for data in self.training_data)

    def __post_init__(self) -> None:
        require(len(self.limits) > 0, "limits", [], "at least one sentence")
        require(len(self.training_data) > 0, "training_data", [], "at least one [[training_data]]")
        for data in self.training_data:
            refuse_withdrawn(data.name)


def read_card(path: Path) -> PublisherCard:
    """Read a card file.

    Raises:
        InvalidInputError: the file does not exist, is not TOML, or has a missing, unknown or
            invalid key; the message names the file and the key.
    """
    try:
        return read_record(PublisherCard, _completed(tomllib.loads(path.read_text("utf-8"))))
    except OSError as error:
        raise InvalidInputError(
            f"{path}: cannot read the card ({error.strerror}). Write one as shown in "
            "docs/guides/publish.md."
        ) from error
    except ValueError as error:
        raise InvalidInputError(f"{path}: {error}. See docs/guides/publish.md.") from error


def refuse_withdrawn(dataset: str) -> None:
    """Refuse a dataset that its authors withdrew.

    Raises:
        InvalidInputError: the dataset was withdrawn.
    """
    if WITHDRAWN in dataset.lower():
        raise InvalidInputError(
            f"{dataset}: withdrawn by its authors over privacy. Weights trained on it and results "
            "on it are not published. Leave it out"
        )


def _completed(content: Mapping[str, object]) -> Mapping[str, object]:
    """Add None for optional keys that are missing, because TOML has no null."""
    recipe, results = content.get("recipe", {}), content.get("results", [])
    if isinstance(recipe, Mapping):
        recipe = {**NO_RECIPE, **recipe}
    if isinstance(results, list):
        results = [{"note": None, **r} if isinstance(r, dict) else r for r in results]
    return {**content, "recipe": recipe, "results": results}
