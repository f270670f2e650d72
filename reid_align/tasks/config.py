"""What a task is built from: settings that can be written down, compared and overridden."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reid_align.datasets.batch import Wanted
from reid_align.models import Encoder, create_model
from reid_align.preprocess import Preprocess
from reid_align.training.task import Task
from reid_align.weights import Argument

# The streams that batches come from: pictures with identities, and pictures that teach to draw.
REID, SYNTHETIC = "reid", "synthetic"


@dataclass(frozen=True)
class TaskConfig(ABC):
    """What is trained, without the data."""

    @property
    @abstractmethod
    def preprocess(self) -> Preprocess:
        """What is done to a picture, its size above all."""

    @abstractmethod
    def wanted(self) -> Mapping[str, Wanted]:
        """Return what the batches of each stream must hold."""

    @abstractmethod
    def build(self, identities: int) -> Task:
        """Build the task with random weights, from torch's global generator.

        Args:
            identities: how many persons the reID set has; 0 for a task that needs none.

        Raises:
            ReidAlignError: a setting that its networks do not take.
        """


@dataclass(frozen=True)
class EncoderConfig:
    """Which encoder is trained, and on pictures of which size.

    Attributes:
        architecture: one of `list_models`.
        arguments: what its factory takes; its defaults where left out.
        height: of the pictures in pixels.
        width: of the pictures in pixels.
    """

    architecture: str = "san_resnet50"
    arguments: Mapping[str, Argument] = field(default_factory=dict, hash=False)
    height: int = 256
    width: int = 128

    def build(self) -> Encoder:
        """Build the encoder with random weights, from torch's global generator, to be trained.

        Raises:
            UnknownNameError: no architecture of that name, or an argument that it does not have.
            InvalidInputError: a size below 1 pixel.
        """
        create: Callable[..., Encoder] = create_model
        encoder = create(self.architecture, **self.arguments)
        encoder.preprocess = Preprocess(self.height, self.width)
        return encoder.train()


@dataclass(frozen=True)
class EncoderTaskConfig(TaskConfig):
    """What is trained, where that is an encoder.

    Attributes:
        encoder: the network that features will be computed with.
    """

    encoder: EncoderConfig = EncoderConfig()

    @property
    def preprocess(self) -> Preprocess:
        """What is done to a picture: it gets the encoder's size."""
        return Preprocess(self.encoder.height, self.encoder.width)
