"""Recipes: everything that defines a training except the data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from reid_align.batches.augmentation import AugmentConfig
from reid_align.batches.samplers import PKSampler, RandomSampler
from reid_align.errors import InvalidInputError
from reid_align.registry import Registry
from reid_align.tasks import TaskConfig
from reid_align.training.training_config import TrainingConfig

# Initial weights that are not a path: ImageNet, random weights, an earlier run of the user.
IMAGENET, RANDOM, GIVEN = "imagenet", "random", "given"


@dataclass(frozen=True)
class StreamConfig:
    """Settings of the batches of one stream.

    Attributes:
        sampler: draws the images of each batch.
        augment: augmentation.
        textures_as_input: use the texture of each image as the input image.
    """

    renamed_settings: ClassVar[Mapping[str, str]] = {
        "batching.people": "sampler.num_identities",
        "batching.cameras": "sampler.num_cameras",
        "batching.images": "sampler.num_instances or sampler.batch_size",
        "batching": "sampler",
    }

    sampler: PKSampler | RandomSampler
    augment: AugmentConfig
    textures_as_input: bool = False


@dataclass(frozen=True)
class Stage:
    """One training of a recipe.

    Attributes:
        name: name of the stage and, in a recipe of several stages, of its folder.
        task: networks and losses.
        training: training settings.
        streams: batch settings of each stream of the task.
        initial: initial weights: "imagenet", "random", the name of an earlier stage, "given" for an
            earlier run that the user must name, the path of a run or of an encoder, or the name of
            published weights.
        fresh: prefixes of the encoder's tensor names that keep their random values.
        unwrapper: networks that draw the textures or frontal images of a reID set without them: an
            earlier stage, "given", or the path of a run. None if none are needed.
        fine_tunes: take the encoder and its preprocessing from the initial weights, and fit the
            batches and epochs to small data; see `fine_tuning`.

    Raises:
        InvalidInputError: the streams of the stage, the task and the training differ.
    """

    name: str
    task: TaskConfig
    training: TrainingConfig
    streams: Mapping[str, StreamConfig] = field(hash=False)
    initial: str = IMAGENET
    fresh: tuple[str, ...] = ()
    unwrapper: str | None = None
    fine_tunes: bool = False

    def __post_init__(self) -> None:
        specs = set(self.task.batch_specs())
        if not specs == set(self.streams) == set(self.training.alternate):
            raise InvalidInputError(
                f"Stage {self.name!r}: the task needs the streams {sorted(specs)}, streams has "
                f"{sorted(self.streams)}, and training.alternate has "
                f"{sorted(set(self.training.alternate))}. All three must be the same."
            )


@dataclass(frozen=True)
class PublishedResult:
    """A published result of a recipe.

    Attributes:
        dataset: name for `load_dataset`, or a dataset without a loader such as "dukemtmc".
        rank1: in percent.
        mean_ap: in percent; None if not published.
        rank5: in percent.
        rank10: in percent.
        feature: the compared feature; "f" is the feature of the encoder.
    """

    dataset: str
    rank1: float
    mean_ap: float | None = None
    rank5: float | None = None
    rank10: float | None = None
    feature: str = "f"


@dataclass(frozen=True)
class Recipe:
    """A named training in one or several stages.

    Attributes:
        name: name of the recipe.
        purpose: one line about it.
        stages: the trainings, in order.
        source: paper, table and row; which parts are ours.
        cost: amount of computation.
        expected: published results.

    Raises:
        InvalidInputError: no stage, or two stages with one name.
    """

    name: str
    purpose: str
    stages: tuple[Stage, ...]
    source: str
    cost: str
    expected: tuple[PublishedResult, ...] = ()

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        if not names or len(set(names)) < len(names):
            raise InvalidInputError(
                f"Recipe {self.name!r} has the stages {names}: give at least one stage, and a "
                "different name to each."
            )

    @property
    def last(self) -> Stage:
        """The stage that trains the final networks."""
        return self.stages[-1]


RECIPES: Registry[Recipe] = Registry("recipe")


def add_recipe(recipe: Recipe) -> None:
    """Register a recipe.

    Raises:
        DuplicateNameError: the name is taken.
    """
    RECIPES.register(recipe.name)(recipe)
