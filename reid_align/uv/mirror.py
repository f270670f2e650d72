"""What becomes of a dense map and of part images when the image is mirrored.

Each function here belongs to the left-right flip of the image, and each is its own inverse to the
last bit. They hold for maps in the convention of ``atlas`` only.
"""

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.uv.atlas import MIRROR, NUM_PARTS, SYMMETRIC, UV_MAX
from reid_align.uv.iuv import IUV


def mirror_iuv(iuv: IUV) -> IUV:
    """Return the dense map of the mirrored image.

    Pixels move to the other side, left and right parts change their numbers, and on the torso v
    becomes 1 - v.
    """
    parts, u, v = iuv.planes.flip(-1).unbind(-3)
    partners = torch.tensor(MIRROR, dtype=torch.uint8, device=parts.device)
    symmetric = torch.isin(parts, torch.tensor(SYMMETRIC, dtype=parts.dtype, device=parts.device))
    return IUV(torch.stack((partners[parts.long()], u, torch.where(symmetric, UV_MAX - v, v)), -3))


def mirror_part_images(images: Tensor) -> Tensor:
    """Return the part images (``part_images``) of the mirrored image.

    Left and right parts change places; the torso images are flipped along V. Nothing else moves,
    since the charts of a left and its right part are aligned.

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
    """Return the part crops (``part_crops``) of the mirrored image.

    Left and right parts change places, and every crop is flipped: crops are pieces of the image,
    not charts.

    Args:
        crops: (..., 24, 3, S, S) of any dtype.

    Raises:
        InvalidInputError: another shape.
    """
    return _swap_sides(crops).flip(-1)


def _swap_sides(stack: Tensor) -> Tensor:
    if stack.ndim < 4 or stack.shape[-4] != NUM_PARTS:
        raise InvalidInputError(
            f"Part images of shape {tuple(stack.shape)}: pass (..., {NUM_PARTS}, 3, S, S)."
        )
    return stack[..., [part - 1 for part in MIRROR[1:]], :, :, :]
