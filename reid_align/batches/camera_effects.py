"""Camera effects on images (3, H, W) uint8: blur, sharpening, sensor noise, JPEG compression."""

from io import BytesIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor

_BLUR_KERNEL = 5
_SHARPEN_SIGMA = 1.0


def blur(image: Tensor, sigma: float) -> Tensor:
    """Apply a Gaussian blur with a standard deviation in pixels."""
    from torchvision.transforms.v2 import functional

    kernel = [_BLUR_KERNEL, _BLUR_KERNEL]
    blurred: Tensor = functional.gaussian_blur(image, kernel, [sigma, sigma])
    return blurred


def sharpen(image: Tensor, strength: float) -> Tensor:
    """Apply an unsharp mask."""
    return to_uint8(image + strength * (image - blur(image.float(), _SHARPEN_SIGMA)))


def add_noise(image: Tensor, deviation: float, rng: np.random.Generator) -> Tensor:
    """Add Gaussian noise with a standard deviation of 0 to 255."""
    noise = rng.standard_normal(tuple(image.shape), dtype=np.float32)
    return to_uint8(image + deviation * torch.from_numpy(noise))


def compress(image: Tensor, quality: int) -> Tensor:
    """Compress as JPEG with a quality of 1 to 95 and decompress."""
    stored = BytesIO()
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(stored, "JPEG", quality=quality)
    with Image.open(stored) as compressed:
        return torch.from_numpy(np.array(compressed)).permute(2, 0, 1).contiguous()


def to_uint8(image: Tensor) -> Tensor:
    """Clip to [0, 255], round and convert to uint8."""
    return image.clamp(0, 255).round().to(torch.uint8)
