"""Color changes of images (3, H, W) uint8."""

import torch
from torch import Tensor

from reid_align.batches.augmentation import AugmentConfig
from reid_align.batches.camera_effects import to_uint8


def import_color_functions(config: AugmentConfig) -> None:
    """Import torchvision's transforms if the settings change colors.

    The import takes seconds. Forked workers inherit it, and need not repeat it in every epoch.
    """
    if config.changes_colors:
        import torchvision.transforms.v2.functional  # noqa: F401


def adjust_colors(image: Tensor, factors: tuple[float, float, float]) -> Tensor:
    """Scale brightness, contrast and saturation, in this order."""
    from torchvision.transforms.v2 import functional

    brightness, contrast, saturation = factors
    image = functional.adjust_brightness(image, brightness)
    image = functional.adjust_contrast(image, contrast)
    saturated: Tensor = functional.adjust_saturation(image, saturation)
    return saturated


def adjust_tint(image: Tensor, factors: tuple[float, float, float]) -> Tensor:
    """Scale red, green and blue, as another white balance does."""
    return to_uint8(image * torch.tensor(factors).view(3, 1, 1))


def adjust_gamma(image: Tensor, exponent: float) -> Tensor:
    """Raise the intensities, scaled to [0, 1], to a power."""
    return to_uint8(255 * (image / 255) ** exponent)


def remove_colors(image: Tensor) -> Tensor:
    """Convert to grayscale with three equal channels."""
    from torchvision.transforms.v2 import functional

    gray: Tensor = functional.rgb_to_grayscale(image, num_output_channels=3)
    return gray
