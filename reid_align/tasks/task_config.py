"""What a task is built from: settings that can be written down, compared and overridden."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reid_align.batches.batch import BatchSpec
from reid_align.models import Encoder, create_model
from reid_align.preprocess import Preprocess
from reid_align.training.task import Task
from reid_align.weights import Argument

# The streams that batches come from: images with identities, and images that teach to draw.
REID, SYNTHETIC = "reid", "synthetic"


@dataclass(frozen=True)
class TaskConfig(ABC):
    """What is trained, without the data."""

    @property
    @abstractmethod
    def preprocess(self) -> Preprocess:
        """What is done to a image, its size above all."""

    @abstractmethod
    def batch_specs(self) -> Mapping[str, BatchSpec]:
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
    """Which encoder is trained, and on images of which size.

    Attributes:
        architecture: one of `list_models`.
        arguments: what its factory takes; its defaults where left out.
        height: of the images in pixels.
        width: of the images in pixels.
        smoothing: of the images, in pixels; see `Preprocess`.
        stretch: of their levels, the share at either end; see `Preprocess`.
    """

    architecture: str = "san_resnet50"
    arguments: Mapping[str, Argument] = field(default_factory=dict, hash=False)
    height: int = 256
    width: int = 128
    smoothing: float = 0.0
    stretch: float = 0.0

    @property
    def preprocess(self) -> Preprocess:
        """What is done to a image."""
        return Preprocess(self.height, self.width, smoothing=self.smoothing, stretch=self.stretch)

    def build(self) -> Encoder:
        """Build the encoder with random weights, from torch's global generator, to be trained.

        Raises:
            UnknownNameError: no architecture of that name, or an argument that it does not have.
            InvalidInputError: a size below 1 pixel, or another value out of its range.
        """
        create: Callable[..., Encoder] = create_model
        encoder = create(self.architecture, **self.arguments)
        encoder.preprocess = self.preprocess
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
        """What is done to a image: as for the encoder."""
        return self.encoder.preprocess
