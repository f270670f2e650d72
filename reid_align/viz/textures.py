"""Decoded textures, and any other image that a network gives, as pixels."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_align.errors import InvalidInputError


def texture_pixels(textures: Tensor) -> NDArray[np.uint8]:
    """Turn decoded textures into pixels.

    Args:
        textures: (N, 3, H, W) RGB in [-1, 1] of any floating point type, on any device. What lies
            outside is clamped, and what is not a number becomes black.

    Returns:
        (N, H, W, 3).

    Raises:
        InvalidInputError: another shape or type.
    """
    if textures.ndim != 4 or textures.shape[1] != 3 or not textures.is_floating_point():
        raise InvalidInputError(
            f"Textures of shape {tuple(textures.shape)} and {textures.dtype}: give floating point "
            "in [-1, 1], (N, 3, H, W)."
        )
    levels = textures.detach().float().nan_to_num(-1.0).clamp(-1, 1).add(1).mul(127.5).round()
    return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
