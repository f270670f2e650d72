"""The contract of every encoder: images in, one feature vector per image out, in every mode."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from reid_align.errors import InvalidInputError
from reid_align.preprocess import Preprocess
from reid_align.weights import Argument, Origin, wave


class Encoder(nn.Module, ABC):
    """A network that turns person images into feature vectors; it holds nothing else.

    Training heads (decoders, guides, classifiers) are modules of their own and never part of an
    encoder's state dict.

    Attributes:
        architecture: the name under which `create_model` builds it.
        arch_args: the arguments that, with the name, rebuild it.
        feature_dim: D, the length of a feature vector.
        channels: of the stage maps e1 to e4, the first four of `forward_maps`.
        head_prefixes: prefixes of the state-dict names that belong to the head. They may stay at
            their random values when the encoder starts from weights with another head.
        preprocess: what its weights expect to be done to a image.
        origin: where its weights came from when it was built.
    """

    architecture: str
    arch_args: Mapping[str, Argument]
    feature_dim: int
    channels: tuple[int, ...]
    preprocess: Preprocess
    origin: Origin = Origin()
    head_prefixes: ClassVar[tuple[str, ...]] = ("embed.", "pool.")

    @property
    @abstractmethod
    def imagenet_model(self) -> str:
        """Name of the ImageNet classifier with the same trunk, such as "resnet50_ibn_a".

        Weights for it need not exist.
        """

    @abstractmethod
    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the feature maps, high to low resolution, that `forward_head` and decoders read.

        Args:
            images: (N, 3, H, W) floating point, normalized as `preprocess` says.
        """

    @abstractmethod
    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool the maps to vectors (N, D), before the head's own layers where it has any.

        Of a network with a BN-neck, the triplet loss reads these and the classifier the features.
        """

    @abstractmethod
    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Turn the maps of `forward_maps` into feature vectors (N, feature_dim)."""

    def forward(self, images: Tensor) -> Tensor:
        """Return the feature vectors (N, feature_dim) of a batch, not L2-normalized.

        Args:
            images: (N, 3, H, W) floating point, normalized as `preprocess` says. Any H and W will
                do, those of `preprocess` are what the weights were trained for. N may be 0.

        Raises:
            InvalidInputError: another shape, or integers (uint8 images not yet normalized).
        """
        if images.ndim != 4 or images.shape[1] != 3:
            raise InvalidInputError(
                f"Images of shape {tuple(images.shape)}: give a batch (N, 3, H, W), RGB."
            )
        if not torch.is_floating_point(images):
            raise InvalidInputError(
                f"Images of type {images.dtype}: normalize them first, with "
                "encoder.preprocess.normalize(images), or use extract_features."
            )
        return self.forward_head(self.forward_maps(images))

    def example_inputs(self) -> tuple[Tensor, ...]:
        """Return the fixed, generated input whose features are the weights' fingerprint."""
        return (wave(1, 3, 64, 32),)
