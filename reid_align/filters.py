"""What makes images of different cameras more alike before an encoder sees them."""

from math import ceil

import torch
from torch import Tensor

# What noise and codecs leave in a plain image is not to be stretched to black and white.
_LEAST_SPAN = 16.0


def smooth(images: Tensor, sigma: float) -> Tensor:
    """Blur images with a Gaussian; pixels beyond an edge are as the nearest one inside.

    Cameras sharpen, add noise and compress, each in its own way, and mostly in what a image shows
    from one pixel to the next.

    Args:
        images: (N, 3, H, W) of any number type, any range.
        sigma: standard deviation in pixels, at least 0, which changes nothing.

    Returns:
        float32 of the same shape, also where autocasting is on.
    """
    images = images.float()
    if not sigma:
        return images
    height, width = images.shape[2:]
    rows, columns = (_blur_matrix(size, sigma, images.device) for size in (height, width))
    with torch.autocast(images.device.type, enabled=False):
        return rows @ (images @ columns.T)


def _blur_matrix(size: int, sigma: float, device: torch.device) -> Tensor:
    """Return (size, size): what each of so many pixels takes of each when they are blurred."""
    reach = ceil(3 * sigma)
    offsets = torch.arange(-reach, reach + 1, device=device)
    weights = (-((offsets / sigma) ** 2) / 2).exp()
    pixels = torch.arange(size, device=device)
    taken = (pixels[:, None] + offsets).clamp(0, size - 1)
    # Sums in a fixed order: adding up by index has none on a GPU.
    return ((taken[..., None] == pixels) * (weights / weights.sum())[:, None]).sum(1)


def stretch(images: Tensor, share: float) -> Tensor:
    """Stretch the levels of each image to [0, 255], the same way in all colors.

    What is darker or brighter than all but a share of its values becomes 0 or 255. A camera's
    exposure, its contrast and the haze before its lens are taken out; its tint stays.

    Args:
        images: (N, 3, H, W) float32 in [0, 255].
        share: of the values at either end, from 0, which changes nothing, to less than a half. They
            are counted among every second pixel of every second row, which is enough, and four
            times as fast.

    Returns:
        float32 of the same shape. Fewer than 16 levels get no more contrast than 16 would; a
        image of one color becomes black.
    """
    if not share:
        return images
    values = images[:, :, ::2, ::2].flatten(1)
    rank = 1 + int(share * values.shape[1])
    # By way of topk, as kthvalue is newer on some devices than the oldest torch that we allow.
    low, high = (values.topk(rank, largest=end, sorted=False).values for end in (False, True))
    black = low.amax(1).view(-1, 1, 1, 1)
    span = (high.amin(1).view(-1, 1, 1, 1) - black).clamp(min=_LEAST_SPAN)
    return ((images - black) * (255 / span)).clamp(0, 255)
