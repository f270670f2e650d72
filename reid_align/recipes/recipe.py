"""What a recipe is: all that decides a training, but the data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reid_align.batches.augmentation import AugmentConfig
from reid_align.batches.samplers import PKSampler, RandomSampler
from reid_align.errors import InvalidInputError
from reid_align.tasks import TaskConfig
from reid_align.training.config import TrainingConfig

# What a stage may start from, beside a path: ImageNet, random weights, what --from names.
IMAGENET, RANDOM, GIVEN = "imagenet", "random", "given"


@dataclass(frozen=True)
class StreamConfig:
    """How the batches of one stream are made.

    Attributes:
        sampler: how many images, of how many persons.
        augment: how they are varied.
        textures_as_input: read persons' textures in place of their images.
    """

    sampler: PKSampler | RandomSampler
    augment: AugmentConfig
    textures_as_input: bool = False


@dataclass(frozen=True)
class Stage:
    """One training: a task, its data and how it learns.

    Attributes:
        name: of the stage, and of its folder where a recipe has several.
        task: what is trained.
        training: how.
        streams: where batches come from; those the task wants.
        initial: where weights come from: "imagenet", "random", the name of an earlier stage,
            "given" for a run that has to be named, the path of a run or of an encoder, or the
            name of published weights.
        fresh: starts of the names of the encoder's tensors that stay random all the same.
        unwrapper: whose networks draw the textures (or the persons from the front) of a reID set
            that has none: an earlier stage, "given", or the path of a run; None where that is not
            needed.

    Raises:
        InvalidInputError: streams that are not those of the task, or not those that training takes
            in turn.
    """

    name: str
    task: TaskConfig
    training: TrainingConfig
    streams: Mapping[str, StreamConfig] = field(hash=False)
    initial: str = IMAGENET
    fresh: tuple[str, ...] = ()
    unwrapper: str | None = None

    def __post_init__(self) -> None:
        wanted = set(self.task.batch_specs())
        if not wanted == set(self.streams) == set(self.training.alternate):
            raise InvalidInputError(
                f"Stage {self.name!r}: its task learns from {sorted(wanted)}, there are streams "
                f"for {sorted(self.streams)}, and training takes batches from "
                f"{sorted(set(self.training.alternate))}: they must be the same."
            )


@dataclass(frozen=True)
class Expected:
    """A published result that the recipe should reach.

    Attributes:
        dataset: as `load_dataset` names it, or "dukemtmc" and the like in the words of the paper.
        rank1: in percent.
        mean_ap: in percent; None where none was published.
        rank5: in percent.
        rank10: in percent.
        feature: what is compared, where that is not the encoder's feature.
    """

    dataset: str
    rank1: float
    mean_ap: float | None = None
    rank5: float | None = None
    rank10: float | None = None
    feature: str = "f"


@dataclass(frozen=True)
class Recipe:
    """A training that has a name.

    Attributes:
        name: of the recipe.
        purpose: what it is, in a line.
        stages: its trainings, in their order.
        source: where it comes from: paper, table and row; what is ours.
        cost: what it takes.
        expected: published results.

    Raises:
        InvalidInputError: no stage, or two of one name.
    """

    name: str
    purpose: str
    stages: tuple[Stage, ...]
    source: str
    cost: str
    expected: tuple[Expected, ...] = ()

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        if not names or len(set(names)) < len(names):
            raise InvalidInputError(
                f"Recipe {self.name!r} has the stages {names}: give at least one, and each a name "
                "of its own."
            )

    @property
    def last(self) -> Stage:
        """The stage whose networks are the result."""
        return self.stages[-1]
