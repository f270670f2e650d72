"""Overlay of signed values on an image, as a heat map."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_align.errors import InvalidInputError

# Vermilion and blue of Okabe and Ito's palette, for color-blind readers.
POSITIVE, NEGATIVE = (213, 94, 0), (0, 114, 178)
OPACITY = 0.85


def heat_overlay(
    image: NDArray[np.uint8], values: NDArray[np.floating], limit: float | None = None
) -> Image.Image:
    """Draw values over a gray copy of an image: positive orange, negative blue, zero clear.

    Args:
        image: (H, W, 3) RGB.
        values: (h, w) finite, any size; interpolated bicubically to the image.
        limit: value of the full color, positive; larger ones are clamped. Default: the largest
            absolute value.

    Returns:
        RGB image of H × W pixels.

    Raises:
        InvalidInputError: values of another shape, or not finite.
    """
    if values.ndim != 2 or not values.size or not np.isfinite(values).all():
        raise InvalidInputError(
            f"Got a heat map of shape {values.shape}. Pass finite values of shape (h, w)."
        )
    full = limit or float(np.abs(values).max()) or 1.0
    size = image.shape[1], image.shape[0]
    small = Image.fromarray((values / full).astype(np.float32))
    level = np.asarray(small.resize(size, Image.Resampling.BICUBIC))[..., None].clip(-1, 1)
    gray = np.asarray(Image.fromarray(image).convert("L"), np.float32)[..., None]
    color = np.where(level > 0, np.array(POSITIVE, np.float32), np.array(NEGATIVE, np.float32))
    opacity = OPACITY * np.abs(level)
    return Image.fromarray((gray * (1 - opacity) + color * opacity).round().astype(np.uint8))
