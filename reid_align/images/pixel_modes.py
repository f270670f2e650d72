"""Conversion of Pillow's pixel modes to 8-bit RGB."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import BITSPERSAMPLE, TiffImageFile

from reid_align.errors import ImageReadError


def rgb_pixels(image: Image.Image, name: str) -> NDArray[np.uint8]:
    """Return the pixels of a loaded image as (H, W, 3) uint8 RGB; the array may be read-only.

    See ``decode.to_rgb`` for the conversions.

    Raises:
        ImageReadError: the pixels are floating point numbers, or integers beyond 16 bits.
    """
    if image.mode == "F":
        raise ImageReadError(
            name, "its pixels are floating point of unknown range; save it with 8 bits"
        )
    if image.mode.startswith("I"):
        return _high_byte(image, name)
    if image.has_transparency_data:
        image = _over_white(image)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _high_byte(image: Image.Image, name: str) -> NDArray[np.uint8]:
    """Reduce 16-bit gray to 8 bits, as Pillow does for color."""
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 0xFFFF:
        raise ImageReadError(name, "its pixels have more than 16 bits; save it with 8 or 16 bits")
    gray = (values >> (_bits(image) - 8)).astype(np.uint8)
    if "transparency" in image.info:
        gray[values == image.info["transparency"]] = 255
    return np.repeat(gray[..., np.newaxis], 3, axis=2)


def _bits(image: Image.Image) -> int:
    # Pillow scales every other depth to 16 bits, but not 12-bit TIFF.
    twelve = isinstance(image, TiffImageFile) and image.tag_v2.get(BITSPERSAMPLE) == (12,)
    return 12 if twelve else 16


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode == "La":  # Pillow cannot convert La to RGBA directly
        image = image.convert("LA")
    colors = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(colors, mask=colors)
    return white
