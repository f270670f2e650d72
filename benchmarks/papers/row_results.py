"""Result files: one JSON file per recipe, dataset and seed."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean, stdev

from benchmarks.result_files import provenance, write_result
from reid_align.errors import InvalidInputError
from reid_align.recipes import Recipe
from reid_align.tasks import SanConfig, SanPgConfig

# Fields that must agree: CONDITIONS among results of one recipe, SHARED within a table.
CONDITIONS = ("scale", "start", "settings", "part", "method", "sets")
SHARED = ("scale", "encoder")
PART_IMAGES, GENERATOR_AUGMENTATION = "stored image", "camera"
ENCODER_START = re.compile(r"[^,]+(, sha256 \w+)?")
Evaluated = Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True)
class Result:
    """The scores of one training.

    Attributes:
        recipe: the recipe.
        dataset: the training dataset.
        seed: seed of the training.
        scale: fields of `Scale`.
        start: initial weights of the first stage.
        settings: changed recipe settings.
        part: "test", or the number of held-out identities that were scored.
        hours: duration of the training in one process, without shared networks.
        scores: in percent, by scored dataset, feature and metric; cosine distance.
        sets: digests of the data and the dense pose estimator; None in older results.
        method: details of the method that other versions of this library do otherwise; see
            `describe_method`.
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
    method: Mapping[str, object] = field(default_factory=dict)

    @property
    def encoder(self) -> str:
        """Initial weights of the encoder; all rows of one table must share them."""
        found = ENCODER_START.match(self.start)
        return found[0] if found else self.start

    def place(self, results: Path) -> Path:
        """Return the file of this result."""
        name = f"{self.recipe}-{self.seed}.json"
        return results / str(self.scale["name"]) / f"{self.dataset}-{self.part}" / name


@dataclass(frozen=True)
class Spread:
    """A metric over one or more seeds, in percent.

    Attributes:
        mean: mean over the seeds.
        deviation: sample standard deviation; None for a single seed.
        seeds: number of seeds.
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


def describe_method(recipe: Recipe, *, trains_generator: bool = False) -> dict[str, object]:
    """Return the details of a training that other versions of this library do otherwise.

    Args:
        recipe: with scale and settings.
        trains_generator: whether its generator is trained for the row, and not given.

    Returns:
        Some of these keys. "decoder_skips": whether the decoder has skip connections; the default
        was true in version 0.1. "part_images": "stored image", and "resized image" in version 0.1,
        which took them from the encoder's input. "generator_augmentation": "camera", and "color
        jitter" in version 0.1.
    """
    task, found = recipe.last.task, dict[str, object]()
    if isinstance(task, SanConfig | SanPgConfig):
        found["decoder_skips"] = task.decoder.skips
    if any(spec.part_images != "none" for spec in task.batch_specs().values()):
        found["part_images"] = PART_IMAGES
    if trains_generator:
        found["generator_augmentation"] = GENERATOR_AUGMENTATION
    return found


def save(result: Result, results: Path) -> None:
    """Write a result with its provenance.

    If the file exists because more datasets were scored later, it keeps the provenance of the
    training; that of the latest scoring is stored under "rescored".
    """
    path, now = result.place(results), provenance()
    before = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    made = {name: before.get(name, value) for name, value in now.items()}
    rescored = {"rescored": now} if before else {}
    write_result(path, {**asdict(result), **made, **rescored})


def load(wanted: Result, results: Path) -> Result | None:
    """Return the stored result of the same training, or None.

    Raises:
        InvalidInputError: this row, another seed or another row of the folder was measured under
            other conditions; or a file is damaged.
    """
    path = wanted.place(results)
    stored = {file: _read(file) for file in sorted(path.parent.glob("*.json"))}
    for file, found in stored.items():
        same = found.recipe == wanted.recipe
        _require_alike(file, found, wanted, CONDITIONS if same else SHARED)
    return stored.get(path)


def _require_alike(path: Path, found: Result, wanted: Result, names: Sequence[str]) -> None:
    for name in names:
        before, now = (json.dumps(getattr(one, name), sort_keys=True) for one in (found, wanted))
        # Older results have no digests.
        if before != now and (name, before) != ("sets", "null"):
            raise InvalidInputError(
                f"{path.name} of {path.parent.name} was measured with {name} {before}; the current "
                f"value is {now}. Use other folders (--results, --runs) or move the file away."
            )


def all_results(results: Path, scale: str, part: str = "test") -> list[Result]:
    """Return all results of one scale and part."""
    files = sorted((results / scale).glob(f"*-{part}/*.json"))
    return [_read(path) for path in files]


def spreads(
    results: Sequence[Result], recipe: str, trained: str, scored: str, feature: str
) -> dict[str, Spread]:
    """Return mean and deviation of each metric of a recipe; empty if it was not measured."""
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
            f"{path} is damaged or not a result file ({error}). Move it away and rerun the command."
        ) from None
