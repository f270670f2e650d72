"""Image filters that reduce differences between cameras."""

from math import ceil

import torch
from torch import Tensor

# Avoids stretching the noise of a uniform image to black and white.
_MIN_SPAN = 16.0


def smooth(images: Tensor, sigma: float) -> Tensor:
    """Blur images with a Gaussian; edge pixels are replicated.

    Removes high frequencies, in which sharpening, noise and compression of cameras differ most.

    Args:
        images: (N, 3, H, W) of any dtype and range.
        sigma: standard deviation in pixels; 0 changes nothing.

    Returns:
        float32 of the same shape, also under autocast.
    """
    images = images.float()
    if not sigma:
        return images
    height, width = images.shape[2:]
    rows, columns = (_blur_matrix(size, sigma, images.device) for size in (height, width))
    with torch.autocast(images.device.type, enabled=False):
        return rows @ (images @ columns.T)


def _blur_matrix(size: int, sigma: float, device: torch.device) -> Tensor:
    """Return the (size, size) matrix that blurs a row of ``size`` pixels."""
    reach = ceil(3 * sigma)
    offsets = torch.arange(-reach, reach + 1, device=device)
    weights = (-((offsets / sigma) ** 2) / 2).exp()
    pixels = torch.arange(size, device=device)
    taken = (pixels[:, None] + offsets).clamp(0, size - 1)
    # Deterministic: index_add has no fixed order on a GPU.
    return ((taken[..., None] == pixels) * (weights / weights.sum())[:, None]).sum(1)


def stretch(images: Tensor, share: float) -> Tensor:
    """Stretch the levels of each image to [0, 255], with the same mapping for all channels.

    The darkest and the brightest ``share`` of the values become 0 and 255. Removes differences in
    exposure, contrast and haze, but not in tint.

    Args:
        images: (N, 3, H, W) float32 in [0, 255].
        share: share of values clipped at each end, in [0, 0.5); 0 changes nothing. Estimated from
            every second pixel of every second row, which is four times as fast.

    Returns:
        float32 of the same shape. A range below 16 levels is stretched like 16 levels; a uniform
        image becomes black.
    """
    if not share:
        return images
    values = images[:, :, ::2, ::2].flatten(1)
    rank = 1 + int(share * values.shape[1])
    # topk, because the oldest supported torch lacks kthvalue on some devices.
    low, high = (values.topk(rank, largest=end, sorted=False).values for end in (False, True))
    black = low.amax(1).view(-1, 1, 1, 1)
    span = (high.amin(1).view(-1, 1, 1, 1) - black).clamp(min=_MIN_SPAN)
    return ((images - black) * (255 / span)).clamp(0, 255)
