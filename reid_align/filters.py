"""What makes pictures of different cameras more alike before an encoder sees them."""

from math import ceil

import torch
from torch import Tensor

# What a lens or a codec leaves at the border of a level is not a level of its own.
_LEAST_RANGE = 16.0


def smooth(images: Tensor, sigma: float) -> Tensor:
    """Blur pictures with a Gaussian; pixels beyond an edge are as the nearest one inside.

    Cameras sharpen, add noise and compress, each in its own way, and mostly in what a picture shows
    from one pixel to the next.

    Args:
        images: (N, 3, H, W) of any number type, any range.
        sigma: standard deviation in pixels; 0 changes nothing.

    Returns:
        float32 of the same shape.
    """
    images = images.float()
    if not sigma:
        return images
    height, width = images.shape[2:]
    rows, columns = (_blur_matrix(size, sigma, images.device) for size in (height, width))
    return rows @ (images @ columns.T)


def _blur_matrix(size: int, sigma: float, device: torch.device) -> Tensor:
    """Return (size, size): what each of so many pixels takes of each when they are blurred."""
    reach = ceil(3 * sigma)
    offsets = torch.arange(-reach, reach + 1, device=device)
    weights = (-((offsets / sigma) ** 2) / 2).exp()
    places = torch.arange(size, device=device)[:, None] + offsets
    matrix = torch.zeros(size, size, device=device)
    return matrix.scatter_add_(
        1, places.clamp(0, size - 1), (weights / weights.sum()).expand(size, -1)
    )


def stretch(images: Tensor, share: float) -> Tensor:
    """Stretch the levels of each picture to [0, 255], the same way in all colours.

    What is darker or brighter than all but a share of its values becomes 0 or 255. A camera's
    exposure, its contrast and the haze before its lens are taken out; its tint stays.

    Args:
        images: (N, 3, H, W) float32 in [0, 255].
        share: of the values at either end; 0 changes nothing. They are counted among every second
            pixel of every second row, which is enough, and four times as fast.

    Returns:
        float32 of the same shape. A picture of one colour, or of less than 16 levels, does not get
        more contrast than those 16 would get.
    """
    if not share:
        return images
    values = images[:, :, ::2, ::2].flatten(1)
    rank = 1 + int(share * values.shape[1])
    low = values.kthvalue(rank, 1).values.view(-1, 1, 1, 1)
    high = values.kthvalue(values.shape[1] + 1 - rank, 1).values.view(-1, 1, 1, 1)
    return ((images - low) * (255 / (high - low).clamp(min=_LEAST_RANGE))).clamp(0, 255)
