"""What we measured: one file for each recipe, dataset and seed."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev

from provenance import provenance, write_result

from reid_align.errors import InvalidInputError

# What results must have in common: those of one recipe, and all that stand in one table.
CONDITIONS = ("scale", "start", "settings", "part", "sets")
SHARED = ("scale", "encoder")
ENCODER_START = re.compile(r"[^,]+(, sha256 \w+)?")
Evaluated = Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True)
class Result:
    """The scores of one training.

    Attributes:
        recipe: what was trained.
        dataset: on what.
        seed: of the training.
        scale: of networks, images and trainings, as its dataclass has it.
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

    @property
    def encoder(self) -> str:
        """What the encoder started from, by way of whatever else: rows of one table share it."""
        found = ENCODER_START.match(self.start)
        return found[0] if found else self.start

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
        """Summarize at least one value."""
        return cls(mean(values), stdev(values) if len(values) > 1 else None, len(values))

    def __str__(self) -> str:
        several = "" if self.deviation is None else f" ± {self.deviation:.1f} ({self.seeds})"
        return f"{self.mean:.1f}{several}"


def save(result: Result, results: Path) -> None:
    """Write a result, with what it depends on beside the recipe.

    Where it is there already and more was scored, the training keeps what it says of itself, and
    what scored last stands under "rescored".
    """
    path, now = result.place(results), provenance()
    before = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    made = {name: before.get(name, value) for name, value in now.items()}
    rescored = {"rescored": now} if before else {}
    write_result(path, {**asdict(result), **made, **rescored})


def load(wanted: Result, results: Path) -> Result | None:
    """Return the result that was written for a training, or None.

    Raises:
        InvalidInputError: it was measured under other conditions, or another seed was, or rows
            beside it have another start; or one of these files is damaged.
    """
    path = wanted.place(results)
    beside = {file: _read(file) for file in sorted(path.parent.glob("*.json"))}
    for file, found in beside.items():
        same = found.recipe == wanted.recipe
        _require_alike(file, found, wanted, CONDITIONS if same else SHARED)
    return beside.get(path)


def _require_alike(path: Path, found: Result, wanted: Result, names: Sequence[str]) -> None:
    for name in names:
        before, now = (json.dumps(getattr(one, name), sort_keys=True) for one in (found, wanted))
        # Older results do not say which sets they are of.
        if before not in (now, "null"):
            raise InvalidInputError(
                f"{path.name} of {path.parent.name} was measured with {name} {before}, and now it "
                f"is {now}. Give other folders with --results and --runs, or move the file away."
            )


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
    try:
        content = json.loads(path.read_text("utf-8"))
        fields = Result.__dataclass_fields__.keys() & content.keys()
        return Result(**{name: content[name] for name in fields})
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInputError(
            f"{path} is damaged, or no result of a training ({error}). Move it away, and the "
            "training is scored again."
        ) from None
