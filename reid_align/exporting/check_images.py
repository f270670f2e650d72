"""Images of many sizes, on which an exported model is compared with its encoder."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_align.preprocess import Preprocess

# Heights and widths as multiples of the input size, with odd sizes and other aspect ratios.
SIZES = (
    (0.2, 0.3), (0.5, 0.5), (0.81, 0.92), (1.0, 1.0), (1.31, 1.63), (2.0, 2.0), (3.7, 2.9),
    (5.5, 7.1),
)  # fmt: skip
MAX_SIDE = 4096


def check_images(
    preprocess: Preprocess, images: Sequence[NDArray[np.uint8]] = ()
) -> list[NDArray[np.uint8]]:
    """Return images (H, W, 3) uint8 of eight sizes, smaller and larger than the input size.

    Args:
        preprocess: has the input size.
        images: images to resize; each is used at least once. Default: drawn figures.
    """
    found = []
    for index in range(max(len(SIZES), len(images))):
        factors = SIZES[index % len(SIZES)]
        height, width = (
            min(max(round(factor * side), 1), MAX_SIDE)
            for factor, side in zip(factors, (preprocess.height, preprocess.width), strict=True)
        )
        if images:
            image = Image.fromarray(images[index % len(images)])
            found.append(np.asarray(image.resize((width, height), Image.Resampling.BICUBIC)))
        else:
            found.append(draw_figure(height, width, index))
    return found


def draw_figure(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Draw a standing figure in random colors in front of a gradient, with noise."""
    random = np.random.default_rng(seed)
    y = (np.arange(height)[:, None] + 0.5) / height
    x = (np.arange(width)[None] + 0.5) / width
    first, last, skin, shirt, trousers = random.uniform(20, 235, (5, 3))
    image = first + (last - first) * np.broadcast_to(y, (height, width))[..., None]
    # Center and radii as shares of the height and width: head, body, legs.
    parts = (
        (0.12, 0.5, 0.08, 0.14, skin), (0.38, 0.5, 0.2, 0.27, shirt),
        (0.75, 0.38, 0.24, 0.12, trousers), (0.75, 0.62, 0.24, 0.12, trousers),
    )  # fmt: skip
    for center_y, center_x, radius_y, radius_x, color in parts:
        inside = ((y - center_y) / radius_y) ** 2 + ((x - center_x) / radius_x) ** 2 < 1
        image[inside] = color
    image += random.normal(0, 6, image.shape)
    figure: NDArray[np.uint8] = image.round().clip(0, 255).astype(np.uint8)
    return figure
