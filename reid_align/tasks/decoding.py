"""The decoder of SAN inside a task: how it is built, what it is held against, how it looks."""

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
from reid_align.tasks.loss_settings import require_choices
from reid_align.training.task import Product

# Batches may also hold nothing, which no decoder can draw.
DecoderTarget = Literal["texture", "input", "frontal", "external"]


@dataclass(frozen=True)
class DecoderConfig:
    """The decoder, and what it draws.

    Attributes:
        target: the "texture"; or, for table 2 of the paper, the "input" itself, the person from the
            front ("frontal"), or an "external" image of the same size as the input.
        skips: add the encoder's earlier maps on the way, as the official code does and figure 2 of
            the paper does not.

    Raises:
        UnknownNameError: another target.
    """

    target: DecoderTarget = "texture"
    skips: bool = True

    def __post_init__(self) -> None:
        require_choices(self)

    def build(self, encoder: Encoder) -> TextureDecoder:
        """Build the decoder for an encoder.

        Textures have the decoder's own size, other targets that of the encoder's images.
        """
        if self.target == "texture":
            return decoder_for(encoder, skips=self.skips)
        height, width = encoder.preprocess.height, encoder.preprocess.width
        return decoder_for(encoder, skips=self.skips, height=height, width=width)


def reconstruction(decoded: DecodedTexture, batch: Batch) -> Tensor:
    """Return the mean absolute error of what the decoder drew.

    Raises:
        InvalidInputError: the batch has no target.
    """
    if batch.target is None:
        raise InvalidInputError("The batch has no target image: ask its stream for one.")
    return masked_l1(decoded.texture, batch.target, batch.target_mask)


def decoder_product(decoder: TextureDecoder) -> Product:
    """Return the decoder as a network that a run leaves as a file."""
    return Product(decoder, decoder.architecture, decoder.arch_args)


def decoded_images(encoder: Encoder, decoder: TextureDecoder, batch: Batch) -> Mapping[str, Tensor]:
    """Return inputs, what the decoder draws and targets, (N, 3, h, w) in [0, 1] each."""
    mean, std = (
        torch.tensor(values, device=batch.images.device).view(1, 3, 1, 1)
        for values in (encoder.preprocess.mean, encoder.preprocess.std)
    )
    drawn = decoder(*encoder.forward_maps(batch.images)).texture
    images = {"input": batch.images * std + mean, "decoded": (drawn + 1) / 2}
    if batch.target is not None:
        images["target"] = (batch.target + 1) / 2
    return {name: image.float().clamp(0, 1) for name, image in images.items()}
