"""What a user has to train with: images of persons, and what belongs to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reid_align.batches.sources import PairsSource, ReidSource, SyntheticSource, TrainingSource
from reid_align.datasets import ReidDataset, hold_out, load_dataset, parse_options
from reid_align.errors import InvalidInputError

SYNTHETIC_DATASET = "synthetic"
NO_PERSONS = (
    "This recipe learns from images of persons: name a dataset, as in "
    "--data cuhk03_detected=FOLDER or --data synthetic=FOLDER."
)
NO_PAIRS = (
    "This recipe learns from synthetic images: name a set, as in --synthetic FOLDER. "
    "python -m reid_align.synthesize makes one."
)


@dataclass(frozen=True)
class Data:
    """All the data there is.

    Attributes:
        reid: the dataset to train on; None where there is none.
        synthetic: a synthetic set, or a CSV file of pairs; None as above.
        textures: a folder of textures of the training images.
        iuv: a folder of dense maps of the training images.
        external: a folder of other images to be drawn.
        evaluation: what encoders are scored on while they train.
        evaluation_iuv: a folder of dense maps of its images, for features that need them.
    """

    reid: ReidDataset | None = None
    synthetic: str | None = None
    textures: str | None = None
    iuv: str | None = None
    external: str | None = None
    evaluation: ReidDataset | None = None
    evaluation_iuv: str | None = None

    def reid_source(self) -> TrainingSource:
        """Return the training images.

        Raises:
            InvalidInputError: there are none.
            ReidAlignError: something that belongs to them is missing.
        """
        if self.reid is None:
            raise InvalidInputError(NO_PERSONS)
        if self.reid.name == SYNTHETIC_DATASET:
            return SyntheticSource(self.reid.root)
        return ReidSource(self.reid, self.textures, self.iuv, self.external)

    def synthetic_source(self) -> TrainingSource:
        """Return the synthetic images.

        Raises:
            InvalidInputError: there are none.
            ReidAlignError: they cannot be read.
        """
        if self.synthetic is None:
            raise InvalidInputError(NO_PAIRS)
        if self.synthetic.endswith(".csv"):
            return PairsSource(self.synthetic)
        return SyntheticSource(self.synthetic)


def read_data(
    reid: str | None = None,
    reid_options: Sequence[str] = (),
    evaluation: str | None = None,
    evaluation_options: Sequence[str] = (),
    held_out: int = 0,
    seed: int = 0,
    **folders: str | None,
) -> Data:
    """Load what a command line names.

    A synthetic dataset to train on serves as the synthetic set too, unless there is another.

    Args:
        reid: "NAME=FOLDER" of the dataset to train on.
        reid_options: "OPTION=VALUE" of that dataset.
        evaluation: "NAME=FOLDER" of the dataset to evaluate on.
        evaluation_options: "OPTION=VALUE" of that one.
        held_out: how many training persons to evaluate on instead.
        seed: of their choice.
        folders: the other attributes of `Data`.

    Raises:
        InvalidInputError: a name without a folder, two things to evaluate on, persons held out of
            a synthetic set, which has its own to evaluate on, folders or options beside such a
            set, or one whose images are of nobody.
        ReidAlignError: a dataset cannot be loaded.
    """
    dataset = None if reid is None else _load("--data", reid, reid_options)
    scored = None if evaluation is None else _load("--evaluate", evaluation, evaluation_options)
    if scored is not None and not scored.splits:
        raise InvalidInputError(f"--evaluate {evaluation}: it has no query and gallery images.")
    if held_out:
        dataset, scored = _hold_out(dataset, scored, held_out, seed)
    if dataset is not None and dataset.name == SYNTHETIC_DATASET:
        _check_synthetic(dataset, f"--data {reid}", reid_options, folders)
        folders["synthetic"] = folders.get("synthetic") or dataset.root
    return Data(reid=dataset, evaluation=scored, **folders)


def _load(option: str, assignment: str, options: Sequence[str]) -> ReidDataset:
    name, equals, folder = assignment.partition("=")
    if not equals:
        raise InvalidInputError(
            f"{option} {assignment}: write NAME=FOLDER, as in market1501=data/Market-1501."
        )
    return load_dataset(name, folder, **parse_options(name, options))


def _check_synthetic(
    dataset: ReidDataset, given: str, options: Sequence[str], folders: Mapping[str, str | None]
) -> None:
    """Refuse a set of nobody in particular, and what has no effect beside a synthetic set."""
    if dataset.train and all(record.person_id < 0 for record in dataset.train):
        raise InvalidInputError(
            f"{given}: this is a paired set (--pit): give it as --synthetic, and persons with "
            "--data."
        )
    if options:
        raise InvalidInputError(
            f"--data-option {options[0]} with {given}: it has no effect, as training takes the "
            "training persons. Leave it out, or say --evaluate-option."
        )
    for name in ("textures", "iuv", "external"):
        if folders.get(name) is not None:
            raise InvalidInputError(
                f"--{name} with {given}: a synthetic set comes with its own. Give one."
            )


def _hold_out(
    dataset: ReidDataset | None, scored: ReidDataset | None, identities: int, seed: int
) -> tuple[ReidDataset, ReidDataset]:
    if dataset is None or scored is not None:
        raise InvalidInputError(
            "--hold-out evaluates on persons of the training set: give --data, and no --evaluate."
        )
    if dataset.name == SYNTHETIC_DATASET:
        raise InvalidInputError(
            "--hold-out with a synthetic set: it has persons for this. Give "
            "--evaluate synthetic=FOLDER --evaluate-option split=val."
        )
    return hold_out(dataset, identities, seed)
