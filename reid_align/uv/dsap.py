"""Densely semantically aligned part images (DSAP): body pixels mapped to part charts."""

from typing import Literal, get_args

import torch
from torch import Tensor

from reid_align.body_atlas import NUM_PARTS, UV_MAX
from reid_align.errors import InvalidInputError
from reid_align.preprocess import IMAGENET_MEAN
from reid_align.uv.iuv import IUV

Collision = Literal["mean", "last"]

# ImageNet's mean for 8-bit images: empty cells are 0 after normalization.
MEAN_COLOR = (255 * IMAGENET_MEAN[0], 255 * IMAGENET_MEAN[1], 255 * IMAGENET_MEAN[2])

# Colors are summed as integer multiples of 2^-24: the sum does not depend on the order of GPU
# threads, and is exact for 8-bit images.
_FIXED_POINT = 2.0**24


def part_images(
    images: Tensor,
    iuv: IUV,
    size: int = 32,
    collision: Collision = "mean",
    fill: tuple[float, float, float] = MEAN_COLOR,
) -> Tensor:
    """Copy each body pixel to its position in the image of its part.

    A pixel at (u, v) is copied to row ⌊u·size⌋ and column ⌊v·size⌋, at most size - 1. Empty cells
    are filled with ``fill``; without a body all cells are empty. The result is bitwise
    reproducible, and equal on CPU and CUDA.

    Args:
        images: (..., 3, H, W) RGB, uint8 or floating point, in [0, 255].
        iuv: dense pose maps of the images, planes of the same shape.
        size: height and width of a part image in cells.
        collision: value of a cell with several pixels: their "mean", or the "last" one in reading
            order.
        fill: color of empty cells, RGB in [0, 255].

    Returns:
        (..., 24, 3, size, size) float32, RGB in [0, 255]; index 0 is part 1.

    Raises:
        InvalidInputError: shapes that do not match, a size below 1, an unknown ``collision``, or
            images with values that are not finite.

    Source: DSA-reID (Zhang et al., CVPR 2019) section 3.1. The paper does not say which pixel of a
    cell is kept. Keeping one would drop about 70 % of the body pixels of a 256×128 image, so the
    default is the mean.
    """
    check_images(images, iuv, size)
    if collision not in get_args(Collision):
        raise InvalidInputError(
            f"Unknown collision {collision!r}. Choose one of {', '.join(get_args(Collision))}."
        )
    lead, pixels = images.shape[:-3], images.shape[-2] * images.shape[-1]
    cells = _cells(iuv, size)
    colors = images.reshape(-1, 3, pixels).transpose(1, 2).reshape(-1, 3)
    # Background is treated as a part and dropped at the end: no shape depends on the data.
    count = lead.numel() * (NUM_PARTS + 1) * size * size
    collect = _mean if collision == "mean" else _last
    filled = collect(colors, cells, count, torch.tensor(fill, device=images.device))
    parts = filled.view(-1, NUM_PARTS + 1, size, size, 3)[:, 1:].permute(0, 1, 4, 2, 3)
    return parts.reshape(*lead, NUM_PARTS, 3, size, size)


def check_images(images: Tensor, iuv: IUV, size: int) -> None:
    """Raise InvalidInputError for images that do not match their maps or are not finite."""
    if images.shape != iuv.planes.shape:
        raise InvalidInputError(
            f"The images have shape {tuple(images.shape)} and the dense pose maps "
            f"{tuple(iuv.planes.shape)}. Both must have the same shape (..., 3, H, W)."
        )
    if images.is_floating_point() and not bool(images.isfinite().all()):
        raise InvalidInputError("The images contain NaN or infinity. Pass RGB in [0, 255].")
    if size < 1:
        raise InvalidInputError(f"The part image size is {size}. It must be at least 1.")


def _cells(iuv: IUV, size: int) -> Tensor:
    """Return the flat cell index of each pixel over (image, part, row, column)."""
    parts, u, v = (
        plane.reshape(-1, plane.shape[-2:].numel()).long() for plane in (iuv.parts, iuv.u, iuv.v)
    )
    rows, columns = ((level * size // UV_MAX).clamp_max(size - 1) for level in (u, v))
    image = torch.arange(len(parts), device=parts.device).unsqueeze(1)
    return (((image * (NUM_PARTS + 1) + parts) * size + rows) * size + columns).flatten()


def _mean(colors: Tensor, cells: Tensor, count: int, fill: Tensor) -> Tensor:
    fixed = (colors.double() * _FIXED_POINT).round().long()
    counted = torch.nn.functional.pad(fixed, (0, 1), value=1)
    totals = fixed.new_zeros(count, 4).index_add_(0, cells, counted)
    sums, hits = totals[:, :3], totals[:, 3:]
    mean = (sums.double() / (hits.clamp_min(1).double() * _FIXED_POINT)).float()
    return torch.where(hits > 0, mean, fill)


def _last(colors: Tensor, cells: Tensor, count: int, fill: Tensor) -> Tensor:
    order = torch.arange(len(cells), device=cells.device)
    winner = order.new_full((count,), -1).scatter_reduce_(0, cells, order, "amax")
    return torch.where((winner >= 0).unsqueeze(1), colors[winner.clamp_min(0)].float(), fill)
