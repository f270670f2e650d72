"""Densely semantically aligned part images: the pixels of a person, sorted by body surface."""

from typing import Literal, get_args

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.preprocess import IMAGENET_MEAN
from reid_align.uv.atlas import NUM_PARTS, UV_MAX
from reid_align.uv.iuv import IUV

Collision = Literal["mean", "last"]

# ImageNet's mean on the scale of 8-bit images: what stays empty is 0 after normalization.
MEAN_COLOR = (255 * IMAGENET_MEAN[0], 255 * IMAGENET_MEAN[1], 255 * IMAGENET_MEAN[2])

# Colors are summed as whole multiples of 2^-24: such a sum does not depend on the order in which a
# GPU's threads arrive, and it is exact for 8-bit images.
_FIXED_POINT = 2.0**24


def part_images(
    images: Tensor,
    iuv: IUV,
    size: int = 32,
    collision: Collision = "mean",
    fill: tuple[float, float, float] = MEAN_COLOR,
) -> Tensor:
    """Copy every body pixel to its place in the image of its part.

    A pixel at (u, v) goes to row ⌊u·size⌋ and column ⌊v·size⌋; u = 1 and v = 1 go to the last ones.
    Cells that no pixel reaches hold ``fill``, so a map without a body gives ``fill`` everywhere.
    The result is the same to the last bit in every run, on the CPU as on CUDA.

    Args:
        images: (..., 3, H, W) RGB, uint8 or floating point, in [0, 255].
        iuv: their dense maps, planes of the same shape.
        size: height and width of a part image in cells.
        collision: what a cell that several pixels reach holds: their "mean", or the "last" of them
            in reading order.
        fill: the color of empty cells, RGB in [0, 255].

    Returns:
        (..., 24, 3, size, size) float32, RGB in [0, 255]; index 0 is part 1.

    Raises:
        InvalidInputError: shapes that differ, a size below 1, an unknown ``collision``, or a
            image with values that are not finite.

    Source: DSA-reID (Zhang et al., CVPR 2019) section 3.1. The paper copies without saying which
    pixel wins, and in a 256×128 image about 70 % of them would be lost, hence the mean.
    """
    check_images(images, iuv, size)
    if collision not in get_args(Collision):
        raise InvalidInputError(
            f"collision {collision!r}: choose one of {', '.join(get_args(Collision))}."
        )
    lead, pixels = images.shape[:-3], images.shape[-2] * images.shape[-1]
    cells = _cells(iuv, size)
    colors = images.reshape(-1, 3, pixels).transpose(1, 2).reshape(-1, 3)
    # Background counts as a part of its own and is dropped at the end, so that no shape depends on
    # the data.
    count = lead.numel() * (NUM_PARTS + 1) * size * size
    collect = _mean if collision == "mean" else _last
    filled = collect(colors, cells, count, torch.tensor(fill, device=images.device))
    parts = filled.view(-1, NUM_PARTS + 1, size, size, 3)[:, 1:].permute(0, 1, 4, 2, 3)
    return parts.reshape(*lead, NUM_PARTS, 3, size, size)


def check_images(images: Tensor, iuv: IUV, size: int) -> None:
    """Refuse images that do not belong to their dense maps, or that cannot be averaged."""
    if images.shape != iuv.planes.shape:
        raise InvalidInputError(
            f"Images of shape {tuple(images.shape)} with dense maps of shape "
            f"{tuple(iuv.planes.shape)}: both must be (..., 3, H, W) with the same numbers."
        )
    if images.is_floating_point() and not bool(images.isfinite().all()):
        raise InvalidInputError("A image holds values that are not finite: pass RGB in [0, 255].")
    if size < 1:
        raise InvalidInputError(f"Part images of size {size}: it must be at least 1.")


def _cells(iuv: IUV, size: int) -> Tensor:
    """Return the index of each pixel's cell over (image, part, row, column)."""
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
