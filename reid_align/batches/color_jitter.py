"""Random color changes: jitter, grayscale and simulated camera effects."""

import numpy as np
import torch
from torch import Tensor

from reid_align.batches.augmentation import AugmentConfig
from reid_align.batches.camera_effects import apply_camera_effects, to_uint8


def import_color_functions(config: AugmentConfig) -> None:
    """Import torchvision's transforms if `change_colors` needs them.

    The import takes seconds. Forked workers inherit it, and need not repeat it in every epoch.
    """
    if config.changes_colors:
        import torchvision.transforms.v2.functional  # noqa: F401


def change_colors(image: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    """Return the image (3, H, W) uint8 with random color changes and camera effects."""
    if not config.changes_colors:
        return image
    from torchvision.transforms.v2 import functional

    if rng.random() < config.jitter:
        image = _jitter(image, config, rng)
    if rng.random() < config.grayscale:
        image = functional.rgb_to_grayscale(image, num_output_channels=3)
    return apply_camera_effects(image, config, rng)


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
        image = to_uint8(image * torch.from_numpy(factors).float())
    if config.gamma:
        exponent = (1 + config.gamma) ** float(rng.uniform(-1, 1))
        image = to_uint8(255 * (image / 255) ** exponent)
    return image
