"""Input checks of the losses, and their computation in at least float32."""

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError

INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def check_batch(features: Tensor, person_ids: Tensor, shape: str) -> None:
    """Check that a batch has one person id per feature vector or map and is not empty.

    Args:
        features: floating point, N first.
        person_ids: (N,) integers.
        shape: expected shape of ``features``, such as "(N, D)" or "(N, C, h, w)".

    Raises:
        InvalidInputError: a shape or dtype is wrong, or the batch is empty.
    """
    if features.ndim != shape.count(",") + 1 or not features.is_floating_point():
        raise InvalidInputError(
            f"Features of shape {tuple(features.shape)} and dtype {features.dtype}: expected "
            f"floating point {shape}."
        )
    if person_ids.shape != features.shape[:1] or person_ids.dtype not in INTEGERS:
        raise InvalidInputError(
            f"Person ids of shape {tuple(person_ids.shape)} and dtype {person_ids.dtype} for "
            f"{len(features)} features: expected one integer per feature."
        )
    if not len(features):
        raise InvalidInputError("The batch is empty: expected at least one image.")


def at_least_float32(tensor: Tensor) -> Tensor:
    """Cast half precision to float32, because sums of squares overflow in half precision."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
