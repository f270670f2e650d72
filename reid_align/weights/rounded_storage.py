"""Storage of weights with fewer bits: int8 or float16 for convolutions and linear layers.

Norms, biases and buffers keep their dtype.
"""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

import torch
from torch import Tensor

from reid_align.errors import NotFiniteError
from reid_align.weights.fingerprint import Loadable, module_fingerprint
from reid_align.weights.int8 import int8_rounded, pack_int8
from reid_align.weights.tensor_files import write_tensors
from reid_align.weights.tensor_matching import is_finite, join_names
from reid_align.weights.weights_header import WeightsHeader

RoundedDtype = Literal["int8", "float16"]
L = TypeVar("L", bound=Loadable)


def save_rounded(
    module: Loadable, path: Path, info: WeightsHeader, dtype: RoundedDtype
) -> WeightsHeader:
    """Write a module with its weights rounded.

    The write is atomic. On one machine the bytes depend on the arguments only; on another the last
    digits of the fingerprint may differ.

    Args:
        module: the module; it does not change.
        path: the output file.
        info: the header; its fingerprint is replaced.
        dtype: dtype of the stored weights.

    Returns:
        The written header: ``info`` with the fingerprint of the rounded module.

    Raises:
        NotFiniteError: a tensor contains NaN or infinity, or is too large for the dtype.
        OutputError: the file cannot be written.
    """
    written = replace(info, fingerprint=module_fingerprint(rounded(module, dtype)))
    pack = pack_int8 if dtype == "int8" else _pack_float16
    write_tensors(path, pack(module), written)
    return written


def save_int8(module: Loadable, path: Path, info: WeightsHeader) -> WeightsHeader:
    """Write a module with its weights rounded to int8; see `save_rounded`."""
    return save_rounded(module, path, info, "int8")


def rounded(module: L, dtype: RoundedDtype) -> L:
    """Return a copy of a module with the weights it has after storage and loading.

    The copy is in float32, in eval mode and on the CPU.

    Raises:
        NotFiniteError: a tensor contains NaN or infinity, or is too large for the dtype.
    """
    if dtype == "int8":
        return int8_rounded(module)
    probe = copy.deepcopy(module).float().cpu().eval()
    probe.load_state_dict(_pack_float16(probe))
    return probe


def _pack_float16(module: Loadable) -> dict[str, Tensor]:
    tensors = dict(module.state_dict())
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if parameter.is_floating_point() and parameter.ndim >= 2:
            tensors[name] = tensors[name].to(torch.float16)
    broken = [name for name, tensor in tensors.items() if not is_finite(tensor)]
    if broken:
        raise NotFiniteError(
            f"These weights contain NaN or infinity, or are too large for float16: "
            f"{join_names(broken)}. Use an earlier checkpoint or train again."
        )
    return tensors
