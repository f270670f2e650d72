"""Setup of a measurement: data, scale, initial weights and folders."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.papers.published import TEST_ONLY
from benchmarks.papers.scale import Scale, scaled
from reid_align.datasets import DATASETS
from reid_align.datasets.repeated_splits import RepeatedSplitsBenchmark
from reid_align.errors import InvalidInputError, WeightsNotFoundError
from reid_align.recipes import (
    RECIPES,
    ComputeOptions,
    Recipe,
    RecipeData,
    load_recipe_data,
    override_settings,
)
from reid_align.recipes.recipe import IMAGENET, RANDOM
from reid_align.tasks import DecoderTarget, DsaConfig, SanPgConfig
from reid_align.weights.checksums import sha256_of

SYNTHETIC = "synthetic"
ENCODER, GUIDE = "encoder.safetensors", "dsag_stream.safetensors"


@dataclass(frozen=True)
class Setup:
    """Everything that determines a result besides its row.

    Attributes:
        scale: scale of networks, images and trainings.
        folders: dataset folders by name.
        runs: folder of the runs.
        results: folder of the result files.
        synthetic: synthetic set for generators and SAN's synthetic batches.
        initial: initial encoder weights of every row, or a run folder that may also hold a guiding
            stream; None for the scale's default.
        held_out: number of training identities to score instead of the test identities; 0 for none.
        settings: "RECIPE:PATH=VALUE" changes to single recipes.
        san_pg: run of a trained texture generator; None trains one.
        dense_uv: run of a trained dense pose estimator; None trains one.
        external: folder of external images to reconstruct.
        machine: device and workers.
    """

    scale: Scale
    folders: Mapping[str, str]
    runs: Path
    results: Path
    synthetic: str | None = None
    initial: str | None = None
    held_out: int = 0
    settings: tuple[str, ...] = ()
    san_pg: str | None = None
    dense_uv: str | None = None
    external: str | None = None
    machine: ComputeOptions = field(default_factory=ComputeOptions)

    @property
    def trainable(self) -> list[str]:
        """Datasets with training identities."""
        return [name for name in self.folders if name not in TEST_ONLY]

    @property
    def part(self) -> str:
        """Scored part, as used in file names."""
        return f"held-out-{self.held_out}" if self.held_out else "test"

    def recipe(self, name: str, seed: int) -> Recipe:
        """Return a recipe with scale, seed and settings applied.

        Raises:
            InvalidInputError: a setting is malformed.
            UnknownNameError: a setting or its recipe does not exist.
        """
        recipe = scaled(RECIPES[name], self.scale)
        seeds = [f"{stage.name}.training.seed={seed}" for stage in recipe.stages]
        return override_settings(recipe, [*seeds, *self.settings_of(name)])

    def settings_of(self, name: str) -> list[str]:
        """Return the settings of one recipe."""
        split = [setting.partition(":") for setting in self.settings]
        for recipe, colon, path in split:
            if not colon or "=" not in path:
                raise InvalidInputError(
                    f"--set {recipe}{colon}{path}: expected RECIPE:PATH=VALUE, such as "
                    "san_full:task.reconstruction_weight=0.5."
                )
            RECIPES[recipe]
        return [path for recipe, _, path in split if recipe == name]

    def data(self, dataset: str, seed: int) -> RecipeData:
        """Return training and evaluation data.

        Args:
            dataset: name of the dataset.
            seed: seed of the training; also selects the split of datasets with repeated splits.

        Raises:
            ReidAlignError: the dataset cannot be read or has no such split.
        """
        named = f"{dataset}={self.folders[dataset]}"
        validate = bool(self.held_out)
        own = dataset == SYNTHETIC
        repeated = issubclass(DATASETS[dataset], RepeatedSplitsBenchmark)
        division = (f"split={seed}",) if repeated else ()
        data = load_recipe_data(
            named,
            division,
            evaluation=None if validate and not own else named,
            evaluation_options=("split=val",) if validate and own else division,
            held_out=0 if own else self.held_out,
            synthetic=self.synthetic,
        )
        return replace(data, external=None if own else self.external)

    def start(self, name: str, after: str | None = None) -> str:
        """Describe the initial weights of a recipe without machine-specific paths.

        Args:
            name: name of the recipe.
            after: recipe of the run that it continues from, if any.

        Raises:
            WeightsNotFoundError: a weights file is missing.
        """
        if after is not None:
            changed = ", ".join(self.settings_of(after))
            return f"{self.start(after)}, by way of {after}{changed and f' with {changed}'}"
        said, guide = self._encoder(), Path(self.initial or "") / GUIDE
        task = RECIPES[name].last.task
        if isinstance(task, DsaConfig) and task.guided and guide.is_file():
            said += f", guided by sha256 {digest(guide)}"
        if self.san_pg is not None and drawn_target(RECIPES[name]) == "texture":
            said += f", by way of SAN-PG, sha256 {digest(Path(self.san_pg) / ENCODER)}"
        return said

    def _encoder(self) -> str:
        if self.initial is None or self.initial in (IMAGENET, RANDOM):
            return self.initial or self.scale.initial
        path = Path(self.initial)
        return f"{path.name}, sha256 {digest(path if path.is_file() else path / ENCODER)}"


def drawn_target(recipe: Recipe) -> DecoderTarget | None:
    """Return the target drawn by a recipe's generator stage, or None."""
    first = recipe.stages[0].task
    if len(recipe.stages) == 1 or not isinstance(first, SanPgConfig):
        return None
    return first.decoder.target


def digest(file: Path) -> str:
    """Return the first 16 hexadecimal digits of a file's SHA-256.

    Raises:
        WeightsNotFoundError: the file does not exist.
    """
    if not file.is_file():
        raise WeightsNotFoundError(
            f"{file} does not exist. Give the folder of a finished run or of a synthetic set, or a "
            "weights file."
        )
    return sha256_of(file)[:16]
