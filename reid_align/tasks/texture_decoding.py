"""The decoder of SAN in a task: settings, reconstruction loss and sample images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from reid_align.batches.batch import Batch
from reid_align.errors import InvalidInputError
from reid_align.heads import DecodedTexture, TextureDecoder, decoder_for
from reid_align.losses import masked_l1
from reid_align.models import Encoder
from reid_align.training.task_interface import Product
from reid_align.typed_reading import require_choices

# The targets of a batch without "none", which a decoder cannot learn from.
DecoderTarget = Literal["texture", "input", "frontal", "external"]
# Targets that a trained generator can draw for a set without them.
DRAWABLE_TARGETS = frozenset({"texture", "frontal"})


@dataclass(frozen=True)
class DecoderConfig:
    """Settings of the decoder.

    Attributes:
        target: the "texture"; or, for table 2 of the paper, the "input" itself, a "frontal" image
            of the same person, or an "external" image of the same size as the input.
        skips: add the encoder's earlier maps to the decoder's, as in the official code. Figure 2
            of the paper has no such connections; see `TextureDecoder`.
        narrow: half the channels in the decoder, for light encoders; not part of the paper.

    Raises:
        UnknownNameError: another target.
    """

    target: DecoderTarget = "texture"
    skips: bool = False
    narrow: bool = False

    def __post_init__(self) -> None:
        require_choices(self)

    @property
    def drawable(self) -> bool:
        """Whether a trained generator can draw the target for a set without it."""
        return self.target in DRAWABLE_TARGETS

    def build(self, encoder: Encoder) -> TextureDecoder:
        """Build the decoder for an encoder.

        Textures have the decoder's own size; other targets have the size of the encoder's images.
        """
        options = {"skips": self.skips, "narrow": self.narrow}
        if self.target == "texture":
            return decoder_for(encoder, **options)
        height, width = encoder.preprocess.height, encoder.preprocess.width
        return decoder_for(encoder, height=height, width=width, **options)


def reconstruction_loss(decoded: DecodedTexture, batch: Batch) -> Tensor:
    """Return the mean absolute error of the decoder's output inside the target mask.

    Raises:
        InvalidInputError: the batch has no target.
    """
    if batch.target is None:
        raise InvalidInputError(
            "The batch has no target image. Request one with BatchSpec(target=…)."
        )
    return masked_l1(decoded.texture, batch.target, batch.target_mask)


def decoder_product(decoder: TextureDecoder) -> Product:
    """Return the decoder as a product of a run."""
    return Product(decoder, decoder.architecture, decoder.arch_args)


def decoder_samples(
    encoder: Encoder, decoder: TextureDecoder, batch: Batch
) -> Mapping[str, Tensor]:
    """Return input, decoder output and target of a batch, (N, 3, h, w) in [0, 1] each."""
    mean, std = (
        torch.tensor(values, device=batch.images.device).view(1, 3, 1, 1)
        for values in (encoder.preprocess.mean, encoder.preprocess.std)
    )
    drawn = decoder(*encoder.forward_maps(batch.images)).texture
    images = {"input": batch.images * std + mean, "decoded": (drawn + 1) / 2}
    if batch.target is not None:
        images["target"] = (batch.target + 1) / 2
    return {name: image.float().clamp(0, 1) for name, image in images.items()}
