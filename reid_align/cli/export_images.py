"""Images that ``export`` calibrates and checks with."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reid_align.images import decode_image, find_images

MAX_IMAGES = 256


def read_images(inputs: Sequence[str]) -> list[NDArray[np.uint8]]:
    """Read images (H, W, 3) uint8 RGB, at most 256 evenly spaced ones.

    Raises:
        NoImagesError: an input contains no image.
        ImageReadError: an image cannot be read.
    """
    paths = list(find_images(inputs)) if inputs else []
    step = max(1, -(-len(paths) // MAX_IMAGES))
    return [decode_image(path) for path in paths[::step]]
