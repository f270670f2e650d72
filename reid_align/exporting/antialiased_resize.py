"""Pillow's antialiased resize as matrix products, for graphs that accept images of any size."""

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from reid_align.preprocess import Interpolation

Kernel: TypeAlias = Callable[[Tensor], Tensor]


def resize_images(images: Tensor, height: int, width: int, interpolation: Interpolation) -> Tensor:
    """Resize images as `Preprocess.resize` does.

    Differs from Pillow by at most one level, where a value is within rounding of half a level.

    Args:
        images: (N, 3, H, W) float32 in [0, 255], whole numbers; H and W may be symbolic.
        height: of the result, in pixels.
        width: of the result, in pixels.
        interpolation: as in `Preprocess`.

    Returns:
        (N, 3, height, width) float32, whole numbers in [0, 255].

    Source: Pillow, src/libImaging/Resample.c: columns first, 8 bits after each of the two passes.
    """
    columns = resize_matrix(images.shape[3], width, interpolation)
    rows = resize_matrix(images.shape[2], height, interpolation)
    return _to_levels(rows @ _to_levels(images @ columns.T))


def resize_matrix(size: int, target: int, interpolation: Interpolation) -> Tensor:
    """Return the (target, size) matrix that resizes a row of ``size`` pixels; rows sum to 1."""
    # A tensor, because the size may be symbolic.
    length = torch.scalar_tensor(size, dtype=torch.float32)
    centers = (torch.arange(target, dtype=torch.float32)[:, None] + 0.5) * length / target
    pixels = torch.arange(size, dtype=torch.float32)[None]
    if interpolation == "nearest":
        return (centers.floor() == pixels).float()
    # Downsampling widens the kernel; upsampling does not narrow it.
    weights = KERNELS[interpolation]((pixels + 0.5 - centers) / (length / target).clamp(min=1))
    return weights / weights.sum(1, keepdim=True)


def _triangle(x: Tensor) -> Tensor:
    return (1 - x.abs()).clamp(min=0)


def _cubic(x: Tensor) -> Tensor:
    """Return Keys' kernel with a = -0.5."""
    x = x.abs().clamp(max=2)
    inner = (1.5 * x - 2.5) * x * x + 1
    outer = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, inner, outer)


def _lanczos(x: Tensor) -> Tensor:
    """Return the sinc function windowed by a sinc of three times its width."""
    x = x.abs().clamp(max=3)
    return _sinc(x) * _sinc(x / 3)


def _sinc(x: Tensor) -> Tensor:
    angle = x * math.pi
    return torch.where(x < 1e-6, 1.0, angle.sin() / angle.clamp(min=1e-6))


def _to_levels(values: Tensor) -> Tensor:
    """Round to 8 bits; halves are rounded up."""
    return (values + 0.5).floor().clamp(0, 255)


KERNELS: dict[Interpolation, Kernel] = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos": _lanczos,
}
