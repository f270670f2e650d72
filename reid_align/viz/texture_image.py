"""Conversion of decoded textures to pixels."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_align.errors import InvalidInputError


def texture_pixels(textures: Tensor) -> NDArray[np.uint8]:
    """Convert decoded textures to pixels.

    Args:
        textures: (N, 3, H, W) RGB in [-1, 1], floating point, on any device. Values outside are
            clamped; NaN becomes black.

    Returns:
        (N, H, W, 3) uint8.

    Raises:
        InvalidInputError: another shape or dtype.
    """
    if textures.ndim != 4 or textures.shape[1] != 3 or not textures.is_floating_point():
        raise InvalidInputError(
            f"Got textures of shape {tuple(textures.shape)} and {textures.dtype}. Pass floating "
            "point values in [-1, 1] of shape (N, 3, H, W)."
        )
    levels = textures.detach().float().nan_to_num(-1.0).clamp(-1, 1).add(1).mul(127.5).round()
    return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
