"""A publication: network, card and results under one name, checked for consistency."""

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
from reid_align.weights import RoundedDtype, TrainingRecipe, rounded
from reid_align.weights.manifest_records import NAME, require_text

T = TypeVar("T")
Results = tuple[tuple[MeasuredResult, ...], tuple[MeasuredResult, ...]]
NAMES = "architecture.tag, in letters, digits and ._-"


@dataclass(frozen=True)
class Publication:
    """Weights with everything that is published about them.

    Attributes:
        name: "architecture.tag".
        card: content of the card file.
        trained: the network.
        recipe: how it was trained.
        exact: results of exactly these weights.
        of_rounded: results of these weights after rounding for the package.
        dtype: dtype of the weights in the package.
    """

    name: str
    card: PublisherCard
    trained: TrainedNetwork
    recipe: TrainingRecipe
    exact: tuple[MeasuredResult, ...]
    of_rounded: tuple[MeasuredResult, ...]
    dtype: RoundedDtype = "int8"

    def summary(self) -> str:
        """Return a one-line summary."""
        trained_by = f"trained by {self.recipe.name} at {self.recipe.commit[:8]}"
        results = f"{len(self.exact)} in full precision, {len(self.of_rounded)} as {self.dtype}"
        kind, license_ = self.trained.kind, self.card.license
        return f"{self.name}: {kind}, {trained_by}, {license_}, results: {results}"

    @property
    def encoder(self) -> Encoder:
        """The network, which must be an encoder.

        Raises:
            InvalidInputError: the network is not an encoder.
        """
        if not isinstance(self.trained.network, Encoder):
            raise InvalidInputError(
                f"{self.name} is a {self.trained.kind}. Only encoders are published on the Hub; "
                "bundle it with the package instead."
            )
        return self.trained.network


def gather_publication(
    name: str, card_path: Path, weights: Path, dtype: RoundedDtype = "int8"
) -> Publication:
    """Read and check everything that is published; report all problems at once.

    Args:
        name: "architecture.tag".
        card_path: the card file.
        weights: as for `open_trained`.
        dtype: dtype of the weights in the package.

    Raises:
        InvalidInputError: there are several problems; the message has one line for each.
        ReidAlignError: there is one problem.
    """
    problems: list[ReidAlignError] = []
    _attempt(problems, lambda: require_text("name", name, NAME, NAMES))
    card = _attempt(problems, lambda: read_card(card_path))
    trained = _attempt(problems, lambda: open_trained(name.partition(".")[0], weights))
    recipe = results = None
    if card and trained:
        recipe = _attempt(problems, lambda: _recipe(card, trained, card_path))
        results = _attempt(problems, lambda: _results(card, trained, card_path, weights, dtype))
    if problems or not (card and trained and recipe and results):
        raise _together(problems)
    return Publication(name, card, trained, recipe, *results, dtype)


def _attempt(problems: list[ReidAlignError], read: Callable[[], T]) -> T | None:
    """Return the result of ``read``, or record its error and return None."""
    try:
        return read()
    except ReidAlignError as error:
        problems.append(error)
        return None


def _together(problems: list[ReidAlignError]) -> ReidAlignError:
    if len(problems) == 1:
        return problems[0]
    lines = "\n".join(f"- {problem}" for problem in problems)
    return InvalidInputError(f"{len(problems)} problems:\n{lines}")


def _recipe(card: PublisherCard, trained: TrainedNetwork, path: Path) -> TrainingRecipe:
    """Combine the recipe of the run with that of the card; they must not conflict."""
    run, given = trained.run, asdict(card.recipe)
    known = {"name": run.recipe, "commit": run.commit, "seed": run.seed} if run else {}
    for key, value in known.items():
        if None not in (value, given[key]) and value != given[key]:
            raise InvalidInputError(
                f"{path}: recipe.{key} is {given[key]!r}, but the run's config.json has {value!r}. "
                "Remove it from the card."
            )
    facts = given | {key: value for key, value in known.items() if value is not None}
    if missing := [key for key, value in facts.items() if value is None]:
        raise InvalidInputError(
            f"{path}: [recipe] lacks {', '.join(missing)}. Users need it to reproduce the training."
        )
    return TrainingRecipe(**facts, cost=card.cost)


def _results(
    card: PublisherCard, trained: TrainedNetwork, path: Path, weights: Path, dtype: RoundedDtype
) -> Results:
    """Return the results of the exact weights and those of the rounded weights."""
    network = trained.network
    if not isinstance(network, Encoder):
        return (), ()
    if not card.results:
        raise InvalidInputError(
            f"{path} lists no [[results]]. Evaluate {weights}, save the result as JSON, and list "
            "that file in the card."
        )
    found = [read_result_file(listed, path.parent) for listed in card.results]
    exact = _digest(network)
    others = [result for result in found if result.state_sha256 != exact]
    after = _digest(rounded(network, dtype)) if others else ""
    for listed, result in zip(card.results, found, strict=True):
        if result.state_sha256 not in (exact, after):
            raise InvalidInputError(
                f"{path.parent / listed.file} was measured with other weights than {weights}. "
                "Evaluate these weights, or remove the file from the card."
            )
    return tuple(result for result in found if result.state_sha256 == exact), tuple(others)


def _digest(encoder: Encoder) -> object:
    return describe_encoder(encoder, ExtractOptions(device="cpu"))["state_sha256"]
