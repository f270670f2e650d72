"""Random erasing (arXiv:1708.04896)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from reid_align.batches.augmentation import AugmentConfig, EraseFill
from reid_align.preprocess import IMAGENET_MEAN

_ATTEMPTS = 100


class ErasedBox(NamedTuple):
    """A rectangle in pixels; an empty one erases nothing."""

    top: int
    left: int
    height: int
    width: int


NOTHING_ERASED = ErasedBox(0, 0, 0, 0)


def draw_erased_box(
    config: AugmentConfig, height: int, width: int, rng: np.random.Generator
) -> ErasedBox:
    """Draw the rectangle to erase in an image of a given size.

    It is empty with probability ``1 - config.erase``, or if 100 drawn rectangles do not fit.
    """
    if rng.random() >= config.erase:
        return NOTHING_ERASED
    for _ in range(_ATTEMPTS):
        area = rng.uniform(*config.erase_area) * height * width
        aspect = rng.uniform(*config.erase_aspect)
        rows, columns = round((area * aspect) ** 0.5), round((area / aspect) ** 0.5)
        if 0 < rows < height and 0 < columns < width:
            top, left = rng.integers(height - rows + 1), rng.integers(width - columns + 1)
            return ErasedBox(int(top), int(left), rows, columns)
    return NOTHING_ERASED


def erase(images: Tensor, boxes: Sequence[ErasedBox], fill: EraseFill) -> None:
    """Fill one rectangle of each normalized image (N, 3, H, W), in place."""
    values = IMAGENET_MEAN if fill == "official" else (0.0, 0.0, 0.0)
    color = torch.tensor(values, device=images.device).view(3, 1, 1)
    for image, (top, left, height, width) in zip(images, boxes, strict=True):
        image[:, top : top + height, left : left + width] = color
