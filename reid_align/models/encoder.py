"""Base class of all encoders: image batches to feature vectors."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from reid_align.errors import InvalidInputError
from reid_align.preprocess import Preprocess
from reid_align.weights import Argument, Origin, wave


class Encoder(nn.Module, ABC):
    """A network that maps person images to feature vectors.

    Training heads (decoders, guiding streams, classifiers) are separate modules and never part of
    an encoder's state dict.

    Attributes:
        architecture: name for `create_model`.
        arch_args: arguments for `create_model`.
        feature_dim: length of a feature vector.
        channels: channels of the stage maps e1 to e4, the first four of `forward_maps`.
        head_prefixes: prefixes of the state-dict names that belong to the head. They may stay at
            their random values when the encoder starts from weights with another head.
        preprocess: image preprocessing expected by the weights.
        origin: origin of its initial weights.
    """

    architecture: str
    arch_args: Mapping[str, Argument]
    feature_dim: int
    channels: tuple[int, ...]
    preprocess: Preprocess
    origin: Origin = Origin()
    head_prefixes: ClassVar[tuple[str, ...]] = ("embed.", "pool.")
    # A tuple, because a list of modules would be registered as submodules.
    _frozen: tuple[nn.Module, ...] = ()
    _norms_frozen: bool = False

    @property
    @abstractmethod
    def imagenet_model(self) -> str:
        """Name of the ImageNet classifier with the same trunk, such as "resnet50_ibn_a".

        Weights for it need not exist.
        """

    def layers_up_to(self, stage_map: int) -> list[nn.Module]:
        """Return the layers that compute e1 to e``stage_map`` (1, 2 or 3) from the images.

        Raises:
            InvalidInputError: this encoder does not tell them.
        """
        raise InvalidInputError(
            f"{type(self).__name__} cannot be frozen up to map e{stage_map}: it does not define "
            "layers_up_to. Train all of it."
        )

    def freeze(self, stage_map: int) -> None:
        """Stop training the layers up to map e``stage_map``, including their batch statistics.

        Args:
            stage_map: 1, 2 or 3; 0 freezes nothing.

        Raises:
            InvalidInputError: another number.

        Source: freezing pretrained layers for training on rendered images, arXiv:1710.10710.
        """
        if stage_map not in range(4):
            raise InvalidInputError(f"Frozen up to map e{stage_map}: choose 0, 1, 2 or 3.")
        self._frozen = tuple(self.layers_up_to(stage_map)) if stage_map else ()
        for layer in self._frozen:
            layer.requires_grad_(False)
        self.train(self.training)

    def freeze_norms(self) -> None:
        """Stop training the batch norms: they keep their statistics, weights and biases."""
        self._norms_frozen = True
        for layer in self._batch_norms():
            layer.requires_grad_(False)
        self.train(self.training)

    def _batch_norms(self) -> list[nn.Module]:
        # Found each time: training on several GPUs replaces them by synchronized ones.
        return [layer for layer in self.modules() if isinstance(layer, _BatchNorm)]

    def train(self, mode: bool = True) -> Self:
        """Set the training mode of all layers that are not frozen."""
        super().train(mode)
        for layer in (*self._frozen, *(self._batch_norms() if self._norms_frozen else ())):
            layer.eval()
        return self

    @abstractmethod
    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the feature maps from high to low resolution, for `forward_head` and decoders.

        Args:
            images: (N, 3, H, W) floating point, normalized with `preprocess`.
        """

    @abstractmethod
    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Pool the maps to vectors (N, D), before the layers of the head.

        With a BN-neck, the triplet loss uses these vectors and the classifier uses the features.
        """

    @abstractmethod
    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Compute feature vectors (N, feature_dim) from the output of `forward_maps`."""

    def forward(self, images: Tensor) -> Tensor:
        """Return the feature vectors (N, feature_dim) of a batch, not L2-normalized.

        Args:
            images: (N, 3, H, W) floating point, normalized with `preprocess`. Any H and W are
                allowed; the weights were trained for those of `preprocess`. N may be 0.

        Raises:
            InvalidInputError: an invalid shape or an integer dtype.
        """
        if images.ndim != 4 or images.shape[1] != 3:
            raise InvalidInputError(
                f"Images of shape {tuple(images.shape)}: expected RGB (N, 3, H, W)."
            )
        if not torch.is_floating_point(images):
            raise InvalidInputError(
                f"Images of dtype {images.dtype}: normalize them first with "
                "encoder.preprocess.normalize(images), or use extract_features."
            )
        return self.forward_head(self.forward_maps(images))

    def example_inputs(self) -> tuple[Tensor, ...]:
        """Return the fixed input of the feature fingerprint."""
        return (wave(1, 3, 64, 32),)
