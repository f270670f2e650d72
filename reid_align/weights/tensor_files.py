"""Saving and loading of module tensors as safetensors files, checked for completeness."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from reid_align.errors import WeightsFormatError, WeightsIntegrityError
from reid_align.files import replace_file, writing
from reid_align.weights.fingerprint import Loadable
from reid_align.weights.int8 import unpack_int8
from reid_align.weights.tensor_matching import describe_tensor, is_finite, join_names, tensors_match
from reid_align.weights.weights_header import WeightsHeader, open_safetensors


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return all tensors of a weights file by name, with int8 weights converted to float32.

    Raises:
        WeightsNotFoundError: the file does not exist.
        WeightsFormatError: the file is not a safetensors file, or the scales of an int8 weight are
            missing or do not match it.
    """
    with open_safetensors(path) as file:
        return unpack_int8({name: file.get_tensor(name) for name in file.keys()}, path)  # noqa: SIM118


def load_tensors(module: Loadable, path: Path) -> None:
    """Copy the tensors of a safetensors file into a module.

    Floats are cast to the module's dtype, so a file in half precision or int8 loads into a float32
    module. All checks run before the first copy: on an error the module is unchanged.

    Raises:
        WeightsNotFoundError: the file does not exist.
        WeightsFormatError: the file is not a safetensors file, or a tensor is missing, unexpected,
            has another shape or dtype, or lacks its scales; the message lists the first few.
        WeightsIntegrityError: a tensor contains NaN or infinity in the module's dtype.
    """
    targets = module.state_dict()
    tensors = read_tensors(path)
    _require_fit(tensors, targets, path)
    state = {name: tensors[name].to(target.dtype) for name, target in targets.items()}
    broken = [name for name, tensor in state.items() if not is_finite(tensor)]
    if broken:
        raise WeightsIntegrityError(
            f"{path}: these tensors contain NaN or infinity: {join_names(broken)}."
        )
    module.load_state_dict(state)


def save_tensors(module: Loadable, path: Path, info: WeightsHeader) -> None:
    """Write all tensors of a module, in their dtypes, as one safetensors file.

    The write is atomic. The bytes depend on the tensors and on ``info`` only.

    Raises:
        OutputError: the file cannot be written.
    """
    write_tensors(path, module.state_dict(), info)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], info: WeightsHeader) -> None:
    """Write tensors and a header as one safetensors file; atomic."""
    # safetensors refuses tensors that share memory or are not contiguous.
    copies = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    with writing(path):
        replace_file(path, save(copies, info.metadata()))


def _require_fit(tensors: Mapping[str, Tensor], targets: Mapping[str, Tensor], path: Path) -> None:
    """Compare names, shapes and dtypes; report all differences in one message."""
    missing = [name for name in targets if name not in tensors]
    unexpected = [name for name in tensors if name not in targets]
    unequal = [
        f"{name} ({describe_tensor(tensor)} in the file, "
        f"{describe_tensor(targets[name])} in the model)"
        for name, tensor in tensors.items()
        if name in targets and not tensors_match(tensor, targets[name])
    ]
    kinds = {"missing": missing, "unexpected": unexpected, "of another shape or dtype": unequal}
    found = [f"{len(names)} {kind}: {join_names(names)}" for kind, names in kinds.items() if names]
    if found:
        raise WeightsFormatError(
            f"{path}: the tensors do not match the model. " + ". ".join(found) + ". "
            "Build the model with the architecture and arguments of the file."
        )
