"""Everything that is published under one name, gathered and held against each other."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from reid_align.errors import InvalidInputError, ReidAlignError
from reid_align.features import ExtractOptions, describe_encoder
from reid_align.models import Encoder
from reid_align.publishing.card_file import PublisherCard, read_card
from reid_align.publishing.card_results import MeasuredResult, read_result_file
from reid_align.publishing.trained_network import TrainedNetwork, open_trained
from reid_align.weights import TrainingRecipe, rounded
from reid_align.weights.manifest_records import NAME, require_text

T = TypeVar("T")
Results = tuple[tuple[MeasuredResult, ...], tuple[MeasuredResult, ...]]
NAMES = "architecture.tag, in letters, digits and ._-"


@dataclass(frozen=True)
class Publication:
    """Weights with all there is to say of them.

    Attributes:
        name: "architecture.tag".
        card: what the publisher says.
        trained: the network.
        recipe: how it was trained.
        exact: results of these very weights.
        of_rounded: results of these weights as they are after storing them as int8.
    """

    name: str
    card: PublisherCard
    trained: TrainedNetwork
    recipe: TrainingRecipe
    exact: tuple[MeasuredResult, ...]
    of_rounded: tuple[MeasuredResult, ...]

    def summary(self) -> str:
        """Return what there is, in a line."""
        trained_by = f"trained by {self.recipe.name} at {self.recipe.commit[:8]}"
        results = f"{len(self.exact)} in full precision, {len(self.of_rounded)} as int8"
        kind, license_ = self.trained.kind, self.card.license
        return f"{self.name}: {kind}, {trained_by}, {license_}, results: {results}"

    @property
    def encoder(self) -> Encoder:
        """The network, where a folder on the Hub is to be made of it.

        Raises:
            InvalidInputError: it is no encoder.
        """
        if not isinstance(self.trained.network, Encoder):
            raise InvalidInputError(
                f"{self.name} is a {self.trained.kind}: repositories on the Hub are for encoders. "
                "Ship it inside the package, with bundle."
            )
        return self.trained.network


def gather_publication(name: str, card_path: Path, weights: Path) -> Publication:
    """Read and check all that is published; everything that is wrong is said at once.

    Args:
        name: "architecture.tag".
        card_path: of the card.
        weights: as `open_trained` takes them.

    Raises:
        InvalidInputError: several things are missing or wrong; the text has a line for each.
        ReidAlignError: one is.
    """
    problems: list[ReidAlignError] = []
    _attempt(problems, lambda: require_text("name", name, NAME, NAMES))
    card = _attempt(problems, lambda: read_card(card_path))
    trained = _attempt(problems, lambda: open_trained(name.partition(".")[0], weights))
    recipe = results = None
    if card and trained:
        recipe = _attempt(problems, lambda: _recipe(card, trained, card_path))
        results = _attempt(problems, lambda: _results(card, trained, card_path, weights))
    if problems or not (card and trained and recipe and results):
        raise _together(problems)
    return Publication(name, card, trained, recipe, *results)


def _attempt(problems: list[ReidAlignError], read: Callable[[], T]) -> T | None:
    """Return what reading gives, or note what is wrong with it."""
    try:
        return read()
    except ReidAlignError as error:
        problems.append(error)
        return None


def _together(problems: list[ReidAlignError]) -> ReidAlignError:
    if len(problems) == 1:
        return problems[0]
    lines = "\n".join(f"- {problem}" for problem in problems)
    return InvalidInputError(f"{len(problems)} things are missing or wrong:\n{lines}")


def _recipe(card: PublisherCard, trained: TrainedNetwork, path: Path) -> TrainingRecipe:
    """Join what the run and the card know; neither may contradict the other."""
    run, given = trained.run, asdict(card.recipe)
    known = {"name": run.recipe, "commit": run.commit, "seed": run.seed} if run else {}
    for key, value in known.items():
        if None not in (value, given[key]) and value != given[key]:
            raise InvalidInputError(
                f"{path}: recipe.{key} is {given[key]!r}, and the run's config.json says "
                f"{value!r}. Leave it out of the card."
            )
    facts = given | {key: value for key, value in known.items() if value is not None}
    if missing := [key for key, value in facts.items() if value is None]:
        raise InvalidInputError(
            f"{path}: [recipe] lacks {', '.join(missing)}: how was this trained? Whoever wants to "
            "train it again has nothing else."
        )
    return TrainingRecipe(**facts, cost=card.cost)


def _results(card: PublisherCard, trained: TrainedNetwork, path: Path, weights: Path) -> Results:
    """Return the results of the weights as they are, and those of the rounded ones."""
    network = trained.network
    if not isinstance(network, Encoder):
        return (), ()
    if not card.results:
        raise InvalidInputError(
            f"{path} lists no [[results]]. Measure: python -m reid_align.evaluate DATASET FOLDER "
            f"--weights {weights} -o FILE.json, and name FILE.json there."
        )
    found = [read_result_file(listed, path.parent) for listed in card.results]
    exact = _digest(network)
    others = [result for result in found if result.state_sha256 != exact]
    after = _digest(rounded(network)) if others else ""
    for listed, result in zip(card.results, found, strict=True):
        if result.state_sha256 not in (exact, after):
            raise InvalidInputError(
                f"{path.parent / listed.file}: this was measured with other weights than those in "
                f"{weights}. Evaluate these, or take it out of the card."
            )
    return tuple(result for result in found if result.state_sha256 == exact), tuple(others)


def _digest(encoder: Encoder) -> object:
    return describe_encoder(encoder, ExtractOptions(device="cpu"))["state_sha256"]
