"""The reconstruction loss of textures."""

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError
from reid_align.losses.loss_inputs import at_least_float32


def masked_l1(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the mean absolute error over the valid elements, a scalar.

    What lies outside the mask has neither an influence nor a gradient, NaN included. Where nothing
    is valid, the loss is 0.

    Args:
        prediction: (N, C, H, W) floating point.
        target: of the same shape.
        mask: bool, (H, W) for one mask for all images or (N, 1, H, W) for one each; True where the
            target is valid. Everything is where left out.

    Raises:
        InvalidInputError: shapes that differ, or a mask of another shape or type.

    Source: SAN (arXiv:1905.13143), section 3.2, the reconstruction loss. The mask is not in the
    paper: a texture atlas has texels that belong to no part of the body.
    """
    if prediction.ndim != 4 or prediction.shape != target.shape:
        raise InvalidInputError(
            f"A prediction of shape {tuple(prediction.shape)} for a target of "
            f"{tuple(target.shape)}: give the same (N, C, H, W) twice."
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
            f"A mask of shape {tuple(mask.shape)} and type {mask.dtype}: give bool, "
            f"{allowed[0]} or {allowed[1]}."
        )
