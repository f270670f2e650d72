"""Left-right mirroring of dense pose maps and part images.

Each function corresponds to a horizontal flip of the image and is exactly its own inverse. Maps
must follow the convention of `reid_align.body_atlas`.
"""

import torch
from torch import Tensor

from reid_align.body_atlas import MIRROR, NUM_PARTS, SYMMETRIC, UV_MAX
from reid_align.errors import InvalidInputError
from reid_align.uv.iuv import IUV


def mirror_iuv(iuv: IUV) -> IUV:
    """Return the dense pose map of the mirrored image.

    Flips the map, swaps the numbers of left and right parts, and replaces v by 1 - v on the torso.
    """
    parts, u, v = iuv.planes.flip(-1).unbind(-3)
    partners = torch.tensor(MIRROR, dtype=torch.uint8, device=parts.device)
    symmetric = torch.isin(parts, torch.tensor(SYMMETRIC, dtype=parts.dtype, device=parts.device))
    return IUV(torch.stack((partners[parts.long()], u, torch.where(symmetric, UV_MAX - v, v)), -3))


def mirror_part_images(images: Tensor) -> Tensor:
    """Return the part images (`part_images`) of the mirrored image.

    Swaps left and right parts and flips the torso images along V. Other part images are unchanged,
    because the charts of left and right parts are aligned.

    Args:
        images: (..., 24, 3, S, S) of any dtype.

    Raises:
        InvalidInputError: another shape.
    """
    swapped = _swap_sides(images)
    torso = [part - 1 for part in SYMMETRIC]
    swapped[..., torso, :, :, :] = swapped[..., torso, :, :, :].flip(-1)
    return swapped


def mirror_part_crops(crops: Tensor) -> Tensor:
    """Return the part crops (`part_crops`) of the mirrored image.

    Swaps left and right parts and flips all crops.

    Args:
        crops: (..., 24, 3, S, S) of any dtype.

    Raises:
        InvalidInputError: another shape.
    """
    return _swap_sides(crops).flip(-1)


def _swap_sides(stack: Tensor) -> Tensor:
    if stack.ndim < 4 or stack.shape[-4] != NUM_PARTS:
        raise InvalidInputError(
            f"The part images have shape {tuple(stack.shape)}. Pass (..., {NUM_PARTS}, 3, S, S)."
        )
    return stack[..., [part - 1 for part in MIRROR[1:]], :, :, :]
