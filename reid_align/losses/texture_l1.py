"""Masked L1 reconstruction loss of textures."""

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.losses.loss_inputs import at_least_float32


def masked_l1(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the mean absolute error over the valid elements, a scalar.

    Elements outside the mask, including NaN, do not affect the loss or the gradient. If no element
    is valid, the loss is 0.

    Args:
        prediction: (N, C, H, W) floating point.
        target: same shape.
        mask: bool, True where the target is valid; (H, W) for all images or (N, 1, H, W) per image.
            Default: all elements are valid.

    Raises:
        InvalidInputError: the shapes differ, or the mask has another shape or dtype.

    Source: SAN (arXiv:1905.13143), section 3.2. The mask is an addition: some texels of a texture
    atlas belong to no body part.
    """
    if prediction.ndim != 4 or prediction.shape != target.shape:
        raise InvalidInputError(
            f"Prediction of shape {tuple(prediction.shape)} and target of shape "
            f"{tuple(target.shape)}: expected the same shape (N, C, H, W)."
        )
    valid = torch.ones_like(prediction[:, :1], dtype=torch.bool) if mask is None else mask
    _check_mask(valid, prediction)
    difference = at_least_float32(prediction) - at_least_float32(target)
    error = torch.where(valid, difference, 0).abs()
    return error.sum() / valid.expand_as(error).sum().clamp(min=1)


def _check_mask(mask: Tensor, prediction: Tensor) -> None:
    count, _, height, width = prediction.shape
    allowed = (height, width), (count, 1, height, width)
    if mask.dtype != torch.bool or tuple(mask.shape) not in allowed:
        raise InvalidInputError(
            f"Mask of shape {tuple(mask.shape)} and dtype {mask.dtype}: expected bool, "
            f"{allowed[0]} or {allowed[1]}."
        )
