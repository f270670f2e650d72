"""Checks of tensors (shape, dtype, finite values) and their description in messages."""

import torch
from torch import Tensor

LISTED = 5


def tensors_match(tensor: Tensor, target: Tensor) -> bool:
    """Return whether shapes and dtypes match; all floating-point dtypes match each other."""
    both_float = tensor.is_floating_point() and target.is_floating_point()
    return tensor.shape == target.shape and (both_float or tensor.dtype == target.dtype)


def is_finite(tensor: Tensor) -> bool:
    """Return whether a tensor contains neither NaN nor infinity."""
    # Faster than isfinite().all(), and float64 sums of float32 values do not overflow.
    return bool(tensor.sum(dtype=torch.float64).isfinite())


def describe_tensor(tensor: Tensor) -> str:
    """Return dtype and shape of a tensor: "float32 [64, 3, 7, 7]"."""
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def join_names(names: list[str]) -> str:
    """Join the first 5 names; append the number of the remaining ones."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
