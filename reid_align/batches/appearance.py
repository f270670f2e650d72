"""What changes a image but not its geometry: colors, optics, and rectangles that are erased."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from reid_align.batches.augment import AugmentConfig, EraseFill
from reid_align.batches.camera_effects import record, to_levels
from reid_align.preprocess import IMAGENET_MEAN

_ATTEMPTS = 100


class Box(NamedTuple):
    """A rectangle in pixels; an empty one erases nothing."""

    top: int
    left: int
    height: int
    width: int


NO_BOX = Box(0, 0, 0, 0)


def import_colors(config: AugmentConfig) -> None:
    """Import what `change_colors` needs, so that workers forked later have it from the start.

    Importing it takes seconds, and would be done by every worker in every epoch.
    """
    if config.changes_colors:
        import torchvision.transforms.v2.functional  # noqa: F401


def change_colors(image: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    """Return the image (3, H, W) uint8 as another camera shows it, as chance decides."""
    if not config.changes_colors:
        return image
    from torchvision.transforms.v2 import functional

    if rng.random() < config.jitter:
        image = _jitter(image, config, rng)
    if rng.random() < config.grayscale:
        image = functional.rgb_to_grayscale(image, num_output_channels=3)
    return record(image, config, rng)


def _jitter(image: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    from torchvision.transforms.v2 import functional

    for strength, adjust in (
        (config.brightness, functional.adjust_brightness),
        (config.contrast, functional.adjust_contrast),
        (config.saturation, functional.adjust_saturation),
    ):
        image = adjust(image, float(rng.uniform(1 - strength, 1 + strength)))
    if config.tint:
        factors = rng.uniform(1 - config.tint, 1 + config.tint, (3, 1, 1))
        image = to_levels(image * torch.from_numpy(factors).float())
    if config.gamma:
        exponent = (1 + config.gamma) ** float(rng.uniform(-1, 1))
        image = to_levels(255 * (image / 255) ** exponent)
    return image


def draw_box(config: AugmentConfig, height: int, width: int, rng: np.random.Generator) -> Box:
    """Draw the rectangle to erase in a image of that size.

    It is empty where chance spares the image, or where none of 100 rectangles fits into it.
    """
    if rng.random() >= config.erase:
        return NO_BOX
    for _ in range(_ATTEMPTS):
        area = rng.uniform(*config.erase_area) * height * width
        aspect = rng.uniform(*config.erase_aspect)
        rows, columns = round((area * aspect) ** 0.5), round((area / aspect) ** 0.5)
        if 0 < rows < height and 0 < columns < width:
            top, left = rng.integers(height - rows + 1), rng.integers(width - columns + 1)
            return Box(int(top), int(left), rows, columns)
    return NO_BOX


def erase(images: Tensor, boxes: Sequence[Box], fill: EraseFill) -> None:
    """Fill one rectangle of each normalized image (N, 3, H, W), in place."""
    values = IMAGENET_MEAN if fill == "official" else (0.0, 0.0, 0.0)
    color = torch.tensor(values, device=images.device).view(3, 1, 1)
    for image, (top, left, height, width) in zip(images, boxes, strict=True):
        image[:, top : top + height, left : left + width] = color
