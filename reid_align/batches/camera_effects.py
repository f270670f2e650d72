"""Simulated camera effects: blur, sharpening, sensor noise and JPEG compression."""

from io import BytesIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reid_align.batches.augmentation import AugmentConfig

_BLUR_KERNEL, _BLUR_SIGMA = 5, (0.1, 2.0)
_SHARPEN, _SHARPEN_SIGMA = 2.5, 1.0
_SHARPEN_AGAIN = 0.5
_NOISE = 15.0
_QUALITY = 20, 90


def apply_camera_effects(image: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    """Return the image (3, H, W) uint8 with random camera effects."""
    if rng.random() < config.blur:
        image = _blurred(image, float(rng.uniform(*_BLUR_SIGMA)))
    if config.sharpen and rng.random() < config.sharpen:
        image = _sharpened(image, float(rng.uniform(0, _SHARPEN)))
    if config.noise and rng.random() < config.noise:
        noise = rng.standard_normal(tuple(image.shape), dtype=np.float32)
        image = to_uint8(image + float(rng.uniform(0, _NOISE)) * torch.from_numpy(noise))
    if config.compress and rng.random() < config.compress:
        # Many cameras sharpen before compression, which amplifies noise.
        if rng.random() < _SHARPEN_AGAIN:
            image = _sharpened(image, float(rng.uniform(0, _SHARPEN)))
        image = _compressed(image, int(rng.integers(*_QUALITY, endpoint=True)))
    return image


def to_uint8(image: Tensor) -> Tensor:
    """Clip to [0, 255], round and convert to uint8."""
    return image.clamp(0, 255).round().to(torch.uint8)


def _blurred(image: Tensor, sigma: float) -> Tensor:
    from torchvision.transforms.v2 import functional

    kernel = [_BLUR_KERNEL, _BLUR_KERNEL]
    blurred: Tensor = functional.gaussian_blur(image, kernel, [sigma, sigma])
    return blurred


def _sharpened(image: Tensor, amount: float) -> Tensor:
    return to_uint8(image + amount * (image - _blurred(image.float(), _SHARPEN_SIGMA)))


def _compressed(image: Tensor, quality: int) -> Tensor:
    stored = BytesIO()
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(stored, "JPEG", quality=quality)
    with Image.open(stored) as compressed:
        return torch.from_numpy(np.array(compressed)).permute(2, 0, 1).contiguous()
