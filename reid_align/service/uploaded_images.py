"""Decoding of uploaded images, with a limit on their pixels."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import ImageReadError
from reid_align.images import open_image, to_rgb
from reid_align.preprocess import Preprocess


@dataclass(frozen=True)
class UploadedImage:
    """An image file in memory, and its name."""

    name: str
    data: bytes


def decode_upload(
    image: UploadedImage, preprocess: Preprocess, max_pixels: int
) -> NDArray[np.uint8]:
    """Decode an image and resize it to the encoder's input size, (height, width, 3) uint8.

    The size in the header is checked before the pixels are decoded.

    Raises:
        ImageReadError: the image cannot be read, or has more than ``max_pixels`` pixels.
    """
    if not image.data:
        raise ImageReadError(image.name, "the file is empty")
    opened = open_image(BytesIO(image.data), image.name)
    width, height = opened.size
    if width * height > max_pixels:
        raise ImageReadError(
            image.name,
            f"{width} x {height} pixels are more than {max_pixels:,}; scale it down first",
        )
    try:
        return preprocess.resize(to_rgb(opened, image.name))
    except (MemoryError, ValueError) as error:
        raise ImageReadError(image.name, f"it cannot be resized ({error})") from error
