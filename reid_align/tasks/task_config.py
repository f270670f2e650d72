"""Base classes of training tasks and of the settings that they are built from."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, Self

from torch import Tensor

from reid_align.batches.batch import Batch, BatchSpec
from reid_align.models import Encoder, create_model
from reid_align.models.model_factory import smoke_test_architecture
from reid_align.preprocess import IMAGENET_MEAN, IMAGENET_STD, Interpolation, Preprocess
from reid_align.training.task_interface import Task
from reid_align.weights import Argument

# Streams of batches: images with identities, and synthetic images with known targets.
REID, SYNTHETIC = "reid", "synthetic"
# Image size of smoke tests, in pixels.
SMOKE_HEIGHT, SMOKE_WIDTH = 64, 32


@dataclass(frozen=True)
class TaskConfig(ABC):
    """Settings of a task: its networks and its losses, without the data.

    Attributes:
        renamed_settings: old name of a setting to its current path below the task. The old name is
            refused with the current one.
    """

    renamed_settings: ClassVar[Mapping[str, str]] = {}

    @property
    @abstractmethod
    def preprocess(self) -> Preprocess:
        """Size and normalization of the images."""

    @abstractmethod
    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return the content of the batches of each stream."""

    @abstractmethod
    def build(self, identities: int) -> "ConfiguredTask":
        """Build the task with random weights, from torch's global generator.

        Args:
            identities: number of training identities; 0 for a task without identity losses.

        Raises:
            ReidAlignError: the networks do not accept a setting.
        """

    @abstractmethod
    def smoke_test(self) -> Self:
        """Return the same task with a small network and images of 64×32 pixels."""

    def fit_targets(self, held: Collection[str]) -> Self:
        """Return the task with a decoder target that the reID set has or that can be drawn.

        Args:
            held: extras that the reID set holds.
        """
        del held
        return self


class ConfiguredTask(Task):
    """A task that is built from a config.

    Attributes:
        config: the settings.
        has_fused_features: `fused_features` returns features that need part images at test time.
    """

    has_fused_features: bool = False

    def __init__(self, config: TaskConfig) -> None:
        super().__init__()
        self.config = config

    def batch_specs(self) -> Mapping[str, BatchSpec]:
        """Return the content of the batches of each stream."""
        return self.config.batch_specs()

    @property
    def trunk(self) -> Encoder | None:
        """The network that encoder or ImageNet weights initialize; None if there is none."""
        return self.encoder

    @property
    def metric(self) -> Literal["cosine", "euclidean"]:
        """The distance between features: "euclidean" for the head "fc512", as in SAN's code."""
        official = self.encoder is not None and self.encoder.arch_args.get("head") == "fc512"
        return "euclidean" if official else "cosine"

    def fused_features(self, batch: Batch) -> dict[str, Tensor]:
        """Compute features of a batch that read more than the image, by their name; none here."""
        del batch
        return {}


@dataclass(frozen=True)
class EncoderConfig:
    """An encoder and its image size.

    Attributes:
        architecture: one of `list_models`.
        arguments: arguments of its factory; defaults where left out.
        height: of the images in pixels.
        width: of the images in pixels.
        smoothing: of the images, in pixels; see `Preprocess`.
        stretch: of the gray levels, the share clipped at either end; see `Preprocess`.
        mean: of the images that the initial weights expect, in RGB order, in [0, 1].
        std: of these images.
        frozen_map: do not train the layers up to map e1, e2 or e3; 0 trains all layers.
        frozen_norms: do not train the batch norms; they keep the statistics of the initial weights.
        interpolation: of resizing, as the initial weights expect it.
    """

    architecture: str = "san_resnet50"
    arguments: Mapping[str, Argument] = field(default_factory=dict, hash=False)
    height: int = 256
    width: int = 128
    smoothing: float = 0.0
    stretch: float = 0.0
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    frozen_map: int = 0
    frozen_norms: bool = False
    interpolation: Interpolation = "bilinear"

    @property
    def preprocess(self) -> Preprocess:
        """Size and normalization of the images."""
        return Preprocess(
            self.height,
            self.width,
            self.mean,
            self.std,
            self.interpolation,
            smoothing=self.smoothing,
            stretch=self.stretch,
        )

    def build(self) -> Encoder:
        """Build the encoder in training mode with random weights, from torch's global generator.

        Raises:
            UnknownNameError: no architecture of that name, or the architecture has no such
                argument.
            InvalidInputError: a size below 1 pixel, or another value out of its range.
        """
        create: Callable[..., Encoder] = create_model
        encoder = create(self.architecture, **self.arguments)
        encoder.preprocess = self.preprocess
        encoder.freeze(self.frozen_map)
        if self.frozen_norms:
            encoder.freeze_norms()
        return encoder.train()

    def smoke_test(self) -> "EncoderConfig":
        """Return a small encoder of the same family for small images."""
        return replace(
            self.with_small_images(), architecture=smoke_test_architecture(self.architecture)
        )

    def with_small_images(self) -> "EncoderConfig":
        """Return the encoder for 64×32 images, or 64×64 square ones, smoothed by the same share."""
        square = self.width == self.height
        return replace(
            self,
            height=SMOKE_HEIGHT,
            width=SMOKE_HEIGHT if square else SMOKE_WIDTH,
            smoothing=self.smoothing * SMOKE_HEIGHT / self.height,
        )


@dataclass(frozen=True)
class EncoderTaskConfig(TaskConfig):
    """Settings of a task that trains an encoder.

    Attributes:
        encoder: the network that computes features.
    """

    encoder: EncoderConfig = EncoderConfig()

    @property
    def preprocess(self) -> Preprocess:
        """Size and normalization of the images, those of the encoder."""
        return self.encoder.preprocess

    def smoke_test(self) -> Self:
        """Return the same task with the smallest encoder of its kind and 64×32 images."""
        return replace(self, encoder=self.encoder.smoke_test())
