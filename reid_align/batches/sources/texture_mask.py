"""Mask of valid texels, stored next to the textures."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_align.datasets.image_store import read_image
from reid_align.shard_set import MASK_FILE as MASK_FILE

TEXTURE_SIZE = 256


def read_mask(folder: Path) -> NDArray[np.bool_] | None:
    """Return (256, 256), True where ``texture_mask.png`` is white; None without such a file.

    Raises:
        ImageReadError: the file is damaged.
    """
    path = folder / MASK_FILE
    if not path.is_file():
        return None
    size = (TEXTURE_SIZE, TEXTURE_SIZE)
    mask = Image.fromarray(read_image(str(path))).resize(size, Image.Resampling.NEAREST)
    return np.asarray(mask)[..., 0] > 127
