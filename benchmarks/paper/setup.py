"""What a measurement has: data, a scale, a start, and where to write."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from paper.reference import TEST_ONLY
from paper.scale import Scale, scaled
from reid_align.datasets import DATASETS
from reid_align.datasets.repeated_splits import RepeatedBenchmark
from reid_align.errors import InvalidInputError, WeightsNotFoundError
from reid_align.recipes import RECIPES, Data, Machine, Recipe, override, read_data
from reid_align.recipes.recipe import IMAGENET, RANDOM
from reid_align.tasks import DecoderTarget, DsaConfig, SanPgConfig
from reid_align.weights.files import sha256_of

SYNTHETIC = "synthetic"
ENCODER, GUIDE = "encoder.safetensors", "dsag_stream.safetensors"


@dataclass(frozen=True)
class Setup:
    """Everything that decides a measurement beside its row.

    Attributes:
        scale: of networks, images and trainings.
        folders: of the datasets, by name.
        runs: where trainings are kept.
        results: where results are kept.
        synthetic: the synthetic set of the generators and of SAN's synthetic batches.
        initial: what the first stage of every row starts from: an encoder, and in the folder of a
            run a guiding stream with it; None is what the scale says.
        held_out: persons of the training set to score on in place of the test persons; 0 for none.
        settings: "RECIPE:PATH=VALUE", changes to single recipes.
        san_pg: the run of a generator of textures, in the place of one that is trained here.
        dense_uv: the run of an estimator of dense maps, likewise.
        external: a folder of other images to be drawn.
        machine: where to compute.
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
    machine: Machine = field(default_factory=Machine)

    @property
    def trainable(self) -> list[str]:
        """The datasets that have training persons."""
        return [name for name in self.folders if name not in TEST_ONLY]

    @property
    def part(self) -> str:
        """What is scored on, as it stands in names of files."""
        return f"held-out-{self.held_out}" if self.held_out else "test"

    def recipe(self, name: str, seed: int) -> Recipe:
        """Return a recipe as it is trained here.

        Raises:
            InvalidInputError: a setting that is not written as it should be.
            UnknownNameError: a setting, or its recipe, that does not exist.
        """
        recipe = scaled(RECIPES[name], self.scale)
        seeds = [f"{stage.name}.training.seed={seed}" for stage in recipe.stages]
        return override(recipe, [*seeds, *self.settings_of(name)])

    def settings_of(self, name: str) -> list[str]:
        """Return the settings that are meant for a recipe."""
        split = [setting.partition(":") for setting in self.settings]
        for recipe, colon, path in split:
            if not colon or "=" not in path:
                raise InvalidInputError(
                    f"--set {recipe}{colon}{path}: write RECIPE:PATH=VALUE, as in "
                    "san_full:task.reconstruction_weight=0.5."
                )
            RECIPES[recipe]
        return [path for recipe, _, path in split if recipe == name]

    def data(self, dataset: str, seed: int) -> Data:
        """Return what there is to train and to score on.

        Args:
            dataset: its name.
            seed: of the training; of a dataset that is divided several times into training and
                test, the division too.

        Raises:
            ReidAlignError: it cannot be read, or has no such division.
        """
        named = f"{dataset}={self.folders[dataset]}"
        validate = bool(self.held_out)
        own = dataset == SYNTHETIC
        repeated = issubclass(DATASETS[dataset], RepeatedBenchmark)
        division = (f"split={seed}",) if repeated else ()
        data = read_data(
            named,
            division,
            evaluation=None if validate and not own else named,
            evaluation_options=("split=val",) if validate and own else division,
            held_out=0 if own else self.held_out,
            synthetic=self.synthetic,
        )
        return replace(data, external=None if own else self.external)

    def start(self, name: str, after: str | None = None) -> str:
        """Return what a recipe's encoder starts from, in words that hold on any machine.

        Args:
            name: of the recipe.
            after: the recipe whose training it goes on from, if it does.

        Raises:
            WeightsNotFoundError: a file of weights that is not there.
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
    """Return what the generator draws that a recipe begins with, or None."""
    first = recipe.stages[0].task
    if len(recipe.stages) == 1 or not isinstance(first, SanPgConfig):
        return None
    return first.decoder.target


def digest(file: Path) -> str:
    """Return the first 16 hexadecimal digits of a file's SHA-256.

    Raises:
        WeightsNotFoundError: it is not there.
    """
    if not file.is_file():
        raise WeightsNotFoundError(
            f"{file} is not there. Name the folder of a finished run or of a synthetic set, or a "
            "file of weights."
        )
    return sha256_of(file)[:16]
