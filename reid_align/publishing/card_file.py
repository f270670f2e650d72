"""What a publisher says of weights and no file of a training knows: ``card.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reid_align.errors import InvalidInputError
from reid_align.typed_reading import read_record
from reid_align.weights import TrainingData
from reid_align.weights.manifest_records import require

# Its authors withdrew it over privacy; nothing that comes of it is published here.
WITHDRAWN = "duke"
NO_RECIPE = {"name": None, "command": None, "commit": None, "seed": None}


@dataclass(frozen=True)
class CardResult:
    """A file that ``evaluate -o`` wrote, as the card names it; ``note`` is for its readers."""

    file: str
    note: str | None


@dataclass(frozen=True)
class CardRecipe:
    """What the card says of the training; a run knows all of it but the command."""

    name: str | None
    command: str | None
    commit: str | None
    seed: int | None


@dataclass(frozen=True)
class PublisherCard:
    """The publisher's part of a model card.

    Attributes:
        summary: what the weights are, in a sentence or two.
        license: of the weights, as SPDX names it: "Apache-2.0".
        cost: of the training, in words: which machine, how long.
        citation: what to cite, as BibTeX.
        limits: what the weights cannot do, a sentence each.
        training_data: what they were trained on, each with its terms.
        results: what was measured, as files beside the card.
        recipe: of the training.

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
        """All training data in a sentence, for the header of the weights' file."""
        return "; ".join(f"{data.name} ({data.terms})" for data in self.training_data)

    def __post_init__(self) -> None:
        require(len(self.limits) > 0, "limits", [], "at least one sentence")
        require(len(self.training_data) > 0, "training_data", [], "at least one [[training_data]]")
        for data in self.training_data:
            refuse_withdrawn(data.name)


def read_card(path: Path) -> PublisherCard:
    """Read a card.

    Raises:
        InvalidInputError: there is none, it is no TOML, or a key is missing, unknown or of another
            type; the text names the file and the key.
    """
    try:
        return read_record(PublisherCard, _completed(tomllib.loads(path.read_text("utf-8"))))
    except OSError as error:
        raise InvalidInputError(
            f"{path}: there is no card ({error.strerror}). Write one, as docs/guides/publish.md shows, "
            "and name it with --card."
        ) from error
    except ValueError as error:
        raise InvalidInputError(
            f"{path}: {error}. docs/guides/publish.md shows what a card says."
        ) from error


def refuse_withdrawn(dataset: str) -> None:
    """Refuse a dataset that nobody may publish results or weights from.

    Raises:
        InvalidInputError: it is one.
    """
    if WITHDRAWN in dataset.lower():
        raise InvalidInputError(
            f"{dataset}: its authors withdrew it over privacy, so neither weights trained on it "
            "nor results on it are published. Leave it out"
        )


def _completed(content: Mapping[str, object]) -> Mapping[str, object]:
    """Say "none" where the card says nothing, which TOML has no word for."""
    recipe, results = content.get("recipe", {}), content.get("results", [])
    if isinstance(recipe, Mapping):
        recipe = {**NO_RECIPE, **recipe}
    if isinstance(results, list):
        results = [{"note": None, **r} if isinstance(r, dict) else r for r in results]
    return {**content, "recipe": recipe, "results": results}
