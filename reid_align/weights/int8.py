"""Weights in a quarter of the space: int8, with one float32 scale for each output channel.

A file keeps a weight as int8 under its own name, and the scales under that name with ``.scale``
behind it; no module can have a tensor there. Stored so are the floating parameters of two
dimensions or more, those of convolutions and linear layers. Norms, biases and buffers stay as they
are.

WeightsSource: symmetric quantization by channel, arXiv:1806.08342, section 2.
"""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from reid_align.errors import NotFiniteError, WeightsFormatError
from reid_align.weights.fingerprint import Loadable
from reid_align.weights.tensor_matching import describe_tensor, join_names

SCALE = ".scale"
LARGEST = 127
SCALE_TYPE = torch.float32
L = TypeVar("L", bound=Loadable)


def quantize(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Round a weight to 255 evenly spaced values for each output channel.

    Args:
        weight: (C, ...) floating point, finite, not empty.

    Returns:
        The steps (C, ...) int8 in [-127, 127], and the scales (C,) float32, above 0. Their product
        is at most half a scale from the weight; a channel of zeros stays one.
    """
    values = weight.detach().float()
    scales = (values.abs().flatten(1).amax(1) / LARGEST).to(SCALE_TYPE)
    # A scale of zero, or a denormal one with few digits, would make steps beyond int8.
    scales = scales.clamp(min=torch.finfo(SCALE_TYPE).tiny)
    return (values / _by_channel(scales, values)).round().to(torch.int8), scales


def dequantize(steps: Tensor, scales: Tensor) -> Tensor:
    """Return the weight (C, ...) float32 that `quantize` made steps and scales of."""
    return steps.float() * _by_channel(scales, steps)


def pack(module: Loadable) -> dict[str, Tensor]:
    """Return what a file holds of a module: all its tensors, the weights as steps and scales.

    Raises:
        NotFiniteError: a tensor holds NaN or infinity.
    """
    tensors = dict(module.state_dict())
    broken = [
        name
        for name, tensor in tensors.items()
        if not tensor.float().sum(dtype=torch.float64).isfinite()
    ]
    if broken:
        raise NotFiniteError(
            f"int8 cannot hold weights that are not finite in float32, as these are: "
            f"{join_names(broken)}. Take them from an earlier checkpoint, or train again."
        )
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if parameter.is_floating_point() and parameter.ndim >= 2 and parameter.numel():
            tensors[name], tensors[name + SCALE] = quantize(tensors[name])
    return tensors


def unpack(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file under the names of the module, its weights as float32.

    Args:
        tensors: what the file holds; without int8 among it, it is returned as it is.
        path: the file, for messages.

    Raises:
        WeightsFormatError: a weight's scales are missing, or do not belong to it.
    """
    packed = [name for name, tensor in tensors.items() if tensor.dtype == torch.int8]
    weights = {name: dequantize(tensors[name], _scales(name, tensors, path)) for name in packed}
    scales = {name + SCALE for name in packed}
    return {
        name: weights.get(name, tensor) for name, tensor in tensors.items() if name not in scales
    }


def rounded(module: L) -> L:
    """Return a copy of a module as it is after it was stored as int8 and loaded again.

    It is in float32, in eval mode and on the CPU; the module itself is not touched.

    Raises:
        NotFiniteError: a tensor holds NaN or infinity.
    """
    probe = copy.deepcopy(module).float().cpu().eval()
    probe.load_state_dict(unpack(pack(probe), Path()))
    return probe


def _scales(name: str, tensors: Mapping[str, Tensor], path: Path) -> Tensor:
    """Return the scales of a weight, which have to be there and to fit."""
    steps, scales = tensors[name], tensors.get(name + SCALE)
    if scales is None:
        found = "is missing"
    elif scales.dtype != SCALE_TYPE or steps.ndim < 2 or scales.shape != steps.shape[:1]:
        found = f"is {describe_tensor(scales)}"
    elif not (scales > 0).all():
        found = "holds values that are not above 0"
    else:
        return scales
    raise WeightsFormatError(
        f"{path}: {name} is {describe_tensor(steps)}, and {name}{SCALE} {found}. A weight that is stored "
        "as int8 has two dimensions or more, and one positive float32 scale for each entry of the "
        "first. Get the file again, or write it again with save_int8."
    )


def _by_channel(scales: Tensor, weight: Tensor) -> Tensor:
    return scales.reshape(len(scales), *[1] * (weight.ndim - 1))
