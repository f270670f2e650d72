"""Grid of the 24 part images (DSAP) of one image."""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from reid_align.uv import IUV, NUM_PARTS, part_images

ROWS, COLUMNS = 4, 6
# Color of cells that no body pixel maps to.
EMPTY = (228.0, 230.0, 234.0)
GAP = 1


def draw_part_images(image: NDArray[np.uint8], iuv: IUV, size: int = 32) -> Image.Image:
    """Draw the part images in the order of the part numbers, 6 per row.

    Args:
        image: (H, W, 3) RGB.
        iuv: its dense pose map, planes (3, H, W).
        size: height and width of a part image, at least 1.

    Returns:
        RGB image of 4 rows and 6 columns; cells without body pixels are light gray.

    Raises:
        InvalidInputError: image and map differ in size.
    """
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)
    parts = part_images(pixels, iuv, size, fill=EMPTY).round().byte().permute(0, 2, 3, 1).numpy()
    step = size + GAP
    grid = np.full((ROWS * step + GAP, COLUMNS * step + GAP, 3), 255, np.uint8)
    for number in range(NUM_PARTS):
        top, left = (place * step + GAP for place in divmod(number, COLUMNS))
        grid[top : top + size, left : left + size] = parts[number]
    return Image.fromarray(grid)
