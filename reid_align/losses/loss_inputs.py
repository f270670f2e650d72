"""What the losses ask of their inputs, and the precision they compute in."""

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError

INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def check_batch(features: Tensor, person_ids: Tensor, shape: str) -> None:
    """Require one person id per feature vector or map, and at least one of them.

    Args:
        features: what is compared.
        person_ids: who is on each image.
        shape: of ``features``, as messages name it: "(N, D)", "(N, C, h, w)".

    Raises:
        InvalidInputError: another number of dimensions, integers as features, or ids that are not
            integers (N,); an empty batch.
    """
    if features.ndim != shape.count(",") + 1 or not features.is_floating_point():
        raise InvalidInputError(
            f"Features of shape {tuple(features.shape)} and type {features.dtype}: give floating "
            f"point {shape}."
        )
    if person_ids.shape != features.shape[:1] or person_ids.dtype not in INTEGERS:
        raise InvalidInputError(
            f"Person ids of shape {tuple(person_ids.shape)} and type {person_ids.dtype} for "
            f"{len(features)} features: give one integer for each."
        )
    if not len(features):
        raise InvalidInputError("An empty batch has no loss: give at least one image.")


def at_least_float32(tensor: Tensor) -> Tensor:
    """Return half precision as float32, because sums of squares overflow and round off in it."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
