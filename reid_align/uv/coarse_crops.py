"""Coarsely aligned part images: bounding-box crops of the body parts."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from reid_align.body_atlas import BACKGROUND, NUM_PARTS
from reid_align.uv.dsap import MEAN_COLOR, check_images
from reid_align.uv.iuv import IUV


def part_crops(
    images: Tensor,
    iuv: IUV,
    size: int = 32,
    mask_crop: bool = True,
    fill: tuple[float, float, float] = MEAN_COLOR,
) -> Tensor:
    """Crop the tight bounding box of each part and resize it, bilinear with antialiasing.

    Unlike `part_images`, this aligns parts but not the points within them. The crop of an
    invisible part is filled with ``fill``.

    Args:
        images: (..., 3, H, W) RGB, uint8 or floating point, in [0, 255].
        iuv: dense pose maps of the images, planes of the same shape.
        size: height and width of a crop in pixels.
        mask_crop: replace pixels of other parts and of the background by ``fill``; otherwise they
            stay as context.
        fill: RGB in [0, 255].

    Returns:
        (..., 24, 3, size, size) float32, RGB in [0, 255]; index 0 is part 1.

    Raises:
        InvalidInputError: shapes that do not match, a size below 1, or images with values that are
            not finite.

    Source: coarse alignment in DSA-reID (Zhang et al., CVPR 2019) table 4. The paper gives no
    details; box, mask and resizing are our interpretation.
    """
    check_images(images, iuv, size)
    color = torch.tensor(fill, device=images.device).view(3, 1, 1)
    flat = images.reshape(-1, *images.shape[-3:]).float()
    crops = color.repeat(len(flat), NUM_PARTS, 1, size, size)
    for index, parts in enumerate(iuv.parts.reshape(-1, *images.shape[-2:])):
        for part in set(torch.unique(parts).tolist()) - {BACKGROUND}:
            mask = parts == part
            image = torch.where(mask, flat[index], color) if mask_crop else flat[index]
            crops[index, part - 1] = _resized_box(image, mask, size)
    return crops.view(*images.shape[:-3], NUM_PARTS, 3, size, size)


def _resized_box(image: Tensor, mask: Tensor, size: int) -> Tensor:
    rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
    box = image[:, int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]
    return interpolate(box[None], (size, size), mode="bilinear", antialias=True)[0]
