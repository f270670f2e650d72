"""Texture errors of a decoder that reads some of its maps from an image of another identity."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from reid_align.batches.pk_sampling import Indices
from reid_align.batches.sources import Pixels, SyntheticSource
from reid_align.batches.sources.texture_mask import TEXTURE_SIZE
from reid_align.errors import InvalidInputError
from reid_align.heads import TextureDecoder
from reid_align.losses import masked_l1
from reid_align.models import Encoder
from reid_align.unwrapping import TextureUnwrapper

BATCH = 32
MAPS = ("e1", "e2", "e3", "e4")
NONE, ALL = "none", "all"
# Maps that come from the other image.
SWAPS: Mapping[str, frozenset[int]] = {
    NONE: frozenset(),
    **{name: frozenset({number}) for number, name in enumerate(MAPS)},
    ALL: frozenset(range(len(MAPS))),
}


@torch.inference_mode()
def swap_errors(source: SyntheticSource, network: TextureUnwrapper) -> dict[str, float]:
    """Return the mean absolute error of the textures for each of `SWAPS`.

    The error is that of the training loss: of textures in [-1, 1], over the texels of the mask.

    Args:
        source: images with textures, of at least two identities.
        network: encoder and decoder.

    Raises:
        InvalidInputError: an identity has more than half of the images, or the decoder does not
            draw textures of 256×256 pixels.
    """
    encoder, decoder = network.modules
    if not isinstance(encoder, Encoder) or not isinstance(decoder, TextureDecoder):
        raise TypeError(f"An encoder and a decoder are needed, got {network.modules}.")
    if decoder.output_size != (TEXTURE_SIZE, TEXTURE_SIZE):
        raise InvalidInputError(
            f"The decoder draws images of {decoder.output_size} pixels, and a texture has "
            f"{TEXTURE_SIZE}×{TEXTURE_SIZE}. Use a run with the target 'texture'."
        )
    mask = None if source.texture_mask is None else torch.from_numpy(source.texture_mask.copy())
    other = partners(source.person_ids)
    totals = dict.fromkeys(SWAPS, 0.0)
    for start in range(0, len(other), BATCH):
        rows = np.arange(start, min(start + BATCH, len(other)))
        own, others = (_maps(source, encoder, network, each) for each in (rows, other[rows]))
        target = _planes([source.texture(row) for row in rows.tolist()]).float().div(127.5).sub(1)
        for name, swapped in SWAPS.items():
            drawn = decoder(*(others[k] if k in swapped else own[k] for k in range(len(MAPS))))
            totals[name] += masked_l1(drawn.texture.cpu(), target, mask).item() * len(rows)
    return {name: total / len(other) for name, total in totals.items()}


def partners(person_ids: Indices) -> Indices:
    """Return for each image the index of an image of another identity; each is used once.

    Raises:
        InvalidInputError: an identity has more than half of the images.
    """
    order = np.argsort(person_ids, kind="stable")
    shift = int(np.unique(person_ids, return_counts=True)[1].max())
    if 2 * shift > len(order):
        raise InvalidInputError(
            f"One identity has {shift} of the {len(order)} images. The swap needs other identities "
            "for each image: use a larger set."
        )
    found = np.empty_like(order)
    found[order] = np.roll(order, -shift)
    return found


def _maps(
    source: SyntheticSource, encoder: Encoder, network: TextureUnwrapper, rows: Indices
) -> tuple[Tensor, ...]:
    size = network.preprocess
    batch = _planes([size.resize(source.image(row)) for row in rows.tolist()])
    return encoder.forward_maps(size.normalize(batch.to(network.device)))[: len(MAPS)]


def _planes(images: list[Pixels]) -> Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
