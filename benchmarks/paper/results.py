"""What we measured: one file for each recipe, dataset and seed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev

from provenance import provenance, write_result

from reid_align.errors import InvalidInputError

# What two results must have in common to stand in one table.
CONDITIONS = ("scale", "start", "settings", "part", "sets")
Evaluated = Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True)
class Result:
    """The scores of one training.

    Attributes:
        recipe: what was trained.
        dataset: on what.
        seed: of the training.
        scale: of networks, pictures and trainings, as its dataclass has it.
        start: what the first stage started from.
        settings: what was changed about the recipe.
        part: whether the test persons were scored, or persons that were held out.
        hours: that the training took, of one process, without what rows share.
        scores: in percent, by the dataset that was scored, the feature and the metric; distances
            are cosines.
        sets: digests of the synthetic sets, and of the estimator of dense maps, that it depends on;
            None where that is unknown.
    """

    recipe: str
    dataset: str
    seed: int
    scale: Mapping[str, object]
    start: str
    settings: Sequence[str]
    part: str
    hours: float
    scores: Evaluated
    sets: Mapping[str, str] | None = None

    def place(self, results: Path) -> Path:
        """Return the file of this result."""
        name = f"{self.recipe}-{self.seed}.json"
        return results / str(self.scale["name"]) / f"{self.dataset}-{self.part}" / name


@dataclass(frozen=True)
class Spread:
    """A figure over some seeds, in percent.

    Attributes:
        mean: of all seeds.
        deviation: the standard deviation of a sample; None of a single seed.
        seeds: how many.
    """

    mean: float
    deviation: float | None
    seeds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise at least one value."""
        return cls(mean(values), stdev(values) if len(values) > 1 else None, len(values))

    def __str__(self) -> str:
        deviation = "" if self.deviation is None else f" ± {self.deviation:.1f}"
        return f"{self.mean:.1f}{deviation}"


def save(result: Result, results: Path) -> None:
    """Write a result, with what it depends on beside the recipe."""
    write_result(result.place(results), {**asdict(result), **provenance()})


def load(wanted: Result, results: Path) -> Result | None:
    """Return the result that was written for a training, or None.

    Raises:
        InvalidInputError: it was measured under other conditions.
    """
    path = wanted.place(results)
    if not path.is_file():
        return None
    found = _read(path)
    for name in CONDITIONS:
        before, now = (json.dumps(getattr(one, name)) for one in (found, wanted))
        # Older results do not say which sets they are of.
        if before not in (now, "null"):
            raise InvalidInputError(
                f"{path.name} of {path.parent.name} was measured with {name} {before}, and now it "
                f"is {now}. Give other folders with --results and --runs, or move the file away."
            )
    return found


def all_results(results: Path, scale: str, part: str = "test") -> list[Result]:
    """Return everything that was measured at a scale on some persons."""
    files = sorted((results / scale).glob(f"*-{part}/*.json"))
    return [_read(path) for path in files]


def spreads(
    results: Sequence[Result], recipe: str, trained: str, scored: str, feature: str
) -> dict[str, Spread]:
    """Return mean and deviation of each metric of a recipe; nothing where it was not measured."""
    values: dict[str, list[float]] = {}
    for scores in _scores(results, recipe, trained, scored, feature):
        for metric, value in scores.items():
            values.setdefault(metric, []).append(value)
    return {metric: Spread.of(found) for metric, found in values.items()}


def _scores(
    results: Sequence[Result], recipe: str, trained: str, scored: str, feature: str
) -> Iterator[Mapping[str, float]]:
    for result in results:
        if (result.recipe, result.dataset) == (recipe, trained):
            yield result.scores.get(scored, {}).get(feature, {})


def _read(path: Path) -> Result:
    content = json.loads(path.read_text("utf-8"))
    fields = Result.__dataclass_fields__.keys() & content.keys()
    return Result(**{name: content[name] for name in fields})
