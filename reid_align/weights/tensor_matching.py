"""Whether a tensor tensors_match the place it is meant for, and how messages speak of tensors."""

from torch import Tensor

LISTED = 5


def tensors_match(tensor: Tensor, target: Tensor) -> bool:
    """Return whether shapes agree, and types too, where any two kinds of float agree."""
    both_float = tensor.is_floating_point() and target.is_floating_point()
    return tensor.shape == target.shape and (both_float or tensor.dtype == target.dtype)


def describe_tensor(tensor: Tensor) -> str:
    """Return a tensor's type and shape: "float32 [64, 3, 7, 7]"."""
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def join_names(names: list[str]) -> str:
    """Join the first few names, and say how many more there are."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
