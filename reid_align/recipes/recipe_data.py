"""Training and evaluation data of a recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reid_align.batches.sources import PairsSource, ReidSource, SyntheticSource, TrainingSource
from reid_align.datasets import ReidDataset, hold_out, load_dataset, parse_options
from reid_align.datasets.dataset_options import options_by_dataset
from reid_align.datasets.dataset_union import join_datasets
from reid_align.datasets.training_use import as_training_set
from reid_align.errors import InvalidInputError

SYNTHETIC_DATASET = "synthetic"


class RecipeInputError(InvalidInputError):
    """An input of a recipe is missing, or does not fit the others.

    Args:
        message: the error.
        arguments: Python arguments that can resolve it, such as "reid" or "initial".
    """

    def __init__(self, message: str, *arguments: str) -> None:
        super().__init__(message)
        self.arguments = arguments


@dataclass(frozen=True)
class RecipeData:
    """Training and evaluation data.

    Attributes:
        reid: training dataset with identities; None if there is none.
        synthetic: folder of a synthetic set, or a CSV file of pairs; None if there is none.
        textures: folder with textures of the training images.
        iuv: folder with dense pose maps of the training images.
        external: folder with other target images of the training images.
        evaluation: dataset for scores during the training.
        evaluation_iuv: folder with dense pose maps of the evaluation images.
    """

    reid: ReidDataset | None = None
    synthetic: str | None = None
    textures: str | None = None
    iuv: str | None = None
    external: str | None = None
    evaluation: ReidDataset | None = None
    evaluation_iuv: str | None = None

    @property
    def comes_with_companions(self) -> bool:
        """Whether the training dataset is a synthetic set, with its own textures and maps."""
        return self.reid is not None and self.reid.name == SYNTHETIC_DATASET

    def reid_source(self) -> TrainingSource:
        """Return the training images with identities.

        Raises:
            RecipeInputError: there are none.
            ReidAlignError: companion files are missing.
        """
        if self.reid is None:
            raise RecipeInputError(
                "This recipe trains on images with identities, and no training dataset was given.",
                "reid",
            )
        if self.comes_with_companions:
            return SyntheticSource(self.reid.root)
        return ReidSource(self.reid, self.textures, self.iuv, self.external)

    def synthetic_source(self) -> TrainingSource:
        """Return the synthetic images.

        Raises:
            RecipeInputError: there are none.
            ReidAlignError: they cannot be read.
        """
        if self.synthetic is None:
            raise RecipeInputError(
                "This recipe trains on synthetic images, and no synthetic set was given.",
                "synthetic",
            )
        if self.synthetic.endswith(".csv"):
            return PairsSource(self.synthetic)
        return SyntheticSource(self.synthetic)


def load_recipe_data(
    reid: str | Sequence[str] | None = None,
    reid_options: Sequence[str] = (),
    evaluation: str | None = None,
    evaluation_options: Sequence[str] = (),
    held_out: int = 0,
    seed: int = 0,
    **folders: str | None,
) -> RecipeData:
    """Load the data of a recipe.

    A synthetic training dataset also serves as the synthetic set, unless another one is given.

    Args:
        reid: "NAME=FOLDER" of the training dataset, or of several, for the union of their training
            images with distinct identities and cameras. All images of a CSV file or a folder
            without a split are training images.
        reid_options: "OPTION=VALUE" of the training datasets that have the option, or
            "N:OPTION=VALUE" of dataset N, counted from 1.
        evaluation: "NAME=FOLDER" of the evaluation dataset.
        evaluation_options: "OPTION=VALUE" of that dataset.
        held_out: number of training identities to evaluate on instead.
        seed: of their choice.
        folders: the other attributes of `RecipeData`.

    Raises:
        RecipeInputError: a value that is not NAME=FOLDER, two evaluation sets, or arguments that a
            synthetic training dataset does not accept.
        ReidAlignError: a dataset cannot be loaded.
    """
    names = [reid] if isinstance(reid, str) else reid or ()
    loaded = [
        as_training_set(_load("reid", name, options))
        for name, options in zip(names, options_by_dataset(names, reid_options), strict=True)
    ]
    dataset = join_datasets(loaded) if loaded else None
    scored = None if evaluation is None else _load("evaluation", evaluation, evaluation_options)
    if scored is not None and not scored.splits:
        raise RecipeInputError(
            f"evaluation {evaluation!r} has no query and gallery images.", "evaluation"
        )
    if held_out:
        dataset, scored = _hold_out(dataset, scored, held_out, seed)
    if dataset is not None and dataset.name == SYNTHETIC_DATASET:
        _check_synthetic(dataset, reid_options, folders)
        folders["synthetic"] = folders.get("synthetic") or dataset.root
    return RecipeData(reid=dataset, evaluation=scored, **folders)


def _load(argument: str, assignment: str, options: Sequence[str]) -> ReidDataset:
    name, equals, folder = assignment.partition("=")
    if not equals:
        raise RecipeInputError(
            f"{argument} {assignment!r}: expected NAME=FOLDER, as in market1501=data/Market-1501"
            f"{_likely(assignment)}.",
            argument,
        )
    return load_dataset(name, folder, **parse_options(name, options))


def _likely(path: str) -> str:
    """Return what was probably meant by a path without a dataset name."""
    if path.endswith(".csv"):
        return f"; for a CSV file csv={path}"
    return f"; for a folder of images folder={path}" if Path(path).is_dir() else ""


def _check_synthetic(
    dataset: ReidDataset, options: Sequence[str], folders: Mapping[str, str | None]
) -> None:
    """Refuse a paired set, and arguments without an effect on a synthetic training dataset."""
    if dataset.train and all(record.person_id < 0 for record in dataset.train):
        raise RecipeInputError(
            f"{dataset.root} is a paired set without identities: it can be the synthetic set, but "
            "not the training dataset.",
            "synthetic",
        )
    if options:
        raise RecipeInputError(
            f"{options[0]} has no effect on a synthetic training dataset: training always uses "
            "its training identities. Remove the option, or set it for the evaluation dataset.",
            "evaluation_options",
        )
    for name in ("textures", "iuv", "external"):
        if folders.get(name) is not None:
            raise RecipeInputError(
                f"{name}={folders[name]!r} cannot be combined with a synthetic training dataset, "
                "which has its own. Give only one of them.",
                name,
                "reid",
            )


def _hold_out(
    dataset: ReidDataset | None, scored: ReidDataset | None, identities: int, seed: int
) -> tuple[ReidDataset, ReidDataset]:
    if dataset is None or scored is not None:
        raise RecipeInputError(
            f"held_out={identities} evaluates on identities of the training dataset: it needs a "
            "training dataset and excludes an evaluation dataset.",
            "reid",
            "held_out",
            "evaluation",
        )
    if dataset.name == SYNTHETIC_DATASET:
        raise RecipeInputError(
            f"held_out={identities} does not apply to a synthetic set, which has its own "
            "validation identities: evaluate on it with the dataset option split=val.",
            "evaluation",
            "evaluation_options",
        )
    return hold_out(dataset, identities, seed)
