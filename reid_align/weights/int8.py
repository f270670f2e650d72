"""Int8 storage of weights, a quarter of the size: one float32 scale per output channel.

A file holds a weight as int8 under its name and the scales under the name with ``.scale`` appended,
which no module tensor can have. Only floating-point parameters with two or more dimensions
(convolutions and linear layers) are stored this way; norms, biases and buffers are unchanged.

Source: symmetric quantization by channel, arXiv:1806.08342, section 2.
"""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from reid_align.errors import NotFiniteError, WeightsFormatError
from reid_align.weights.fingerprint import Loadable
from reid_align.weights.tensor_matching import describe_tensor, is_finite, join_names

SCALE = ".scale"
LARGEST = 127
SCALE_TYPE = torch.float32
L = TypeVar("L", bound=Loadable)


def quantize(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Round a weight to 255 evenly spaced values per output channel.

    Args:
        weight: (C, ...) floating point, finite, not empty.

    Returns:
        Steps (C, ...) int8 in [-127, 127], and scales (C,) float32 above 0. The product differs
        from the weight by at most half a scale; a channel of zeros stays zero.
    """
    values = weight.detach().float()
    scales = (values.abs().flatten(1).amax(1) / LARGEST).to(SCALE_TYPE)
    # A zero or denormal scale would give steps outside int8.
    scales = scales.clamp(min=torch.finfo(SCALE_TYPE).tiny)
    return (values / _by_channel(scales, values)).round().to(torch.int8), scales


def dequantize(steps: Tensor, scales: Tensor) -> Tensor:
    """Return the weight (C, ...) float32 from the steps and scales of `quantize`."""
    return steps.float() * _by_channel(scales, steps)


def pack_int8(module: Loadable) -> dict[str, Tensor]:
    """Return the tensors of a module as stored in a file, weights as steps and scales.

    Raises:
        NotFiniteError: a tensor contains NaN or infinity.
    """
    tensors = dict(module.state_dict())
    broken = [name for name, tensor in tensors.items() if not is_finite(tensor.float())]
    if broken:
        raise NotFiniteError(
            f"These weights contain NaN or infinity in float32 and cannot be stored as int8: "
            f"{join_names(broken)}. Use an earlier checkpoint or train again."
        )
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if parameter.is_floating_point() and parameter.ndim >= 2 and parameter.numel():
            tensors[name], tensors[name + SCALE] = quantize(tensors[name])
    return tensors


def unpack_int8(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file under their module names, with int8 weights as float32.

    Args:
        tensors: the tensors in the file; returned unchanged if none is int8.
        path: the file, for messages.

    Raises:
        WeightsFormatError: the scales of a weight are missing or do not match it.
    """
    packed = [name for name, tensor in tensors.items() if tensor.dtype == torch.int8]
    weights = {name: dequantize(tensors[name], _scales(name, tensors, path)) for name in packed}
    scales = {name + SCALE for name in packed}
    return {
        name: weights.get(name, tensor) for name, tensor in tensors.items() if name not in scales
    }


def int8_rounded(module: L) -> L:
    """Return a copy of a module with the weights it has after int8 storage and loading.

    The copy is in float32, in eval mode and on the CPU.

    Raises:
        NotFiniteError: a tensor contains NaN or infinity.
    """
    probe = copy.deepcopy(module).float().cpu().eval()
    probe.load_state_dict(unpack_int8(pack_int8(probe), Path()))
    return probe


def _scales(name: str, tensors: Mapping[str, Tensor], path: Path) -> Tensor:
    """Return the scales of a weight after checking them."""
    steps, scales = tensors[name], tensors.get(name + SCALE)
    if scales is None:
        found = "is missing"
    elif scales.dtype != SCALE_TYPE or steps.ndim < 2 or scales.shape != steps.shape[:1]:
        found = f"is {describe_tensor(scales)}"
    elif not (scales > 0).all():
        found = "contains values that are not above 0"
    else:
        return scales
    raise WeightsFormatError(
        f"{path}: {name} is {describe_tensor(steps)}, and {name}{SCALE} {found}. An int8 weight "
        "needs two or more dimensions and one positive float32 scale per entry of the first. Get "
        "the file again, or write it again with save_int8."
    )


def _by_channel(scales: Tensor, weight: Tensor) -> Tensor:
    return scales.reshape(len(scales), *[1] * (weight.ndim - 1))
