"""From a module to a safetensors file and back: all tensors, the right shapes, finite values."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from reid_align.errors import WeightsFormatError, WeightsIntegrityError
from reid_align.files import replace_file, writing
from reid_align.weights.fingerprint import Loadable, module_fingerprint
from reid_align.weights.int8 import pack, rounded, unpack
from reid_align.weights.tensor_matching import describe_tensor, join_names, tensors_match
from reid_align.weights.weights_header import WeightsHeader, open_safetensors


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return all tensors of a weights file by name; those stored as int8 are float32 again.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsFormatError: it is no safetensors file, or the scales of a weight in int8 are missing
            or do not fit it.
    """
    with open_safetensors(path) as file:
        return unpack({name: file.get_tensor(name) for name in file.keys()}, path)  # noqa: SIM118


def load_tensors(module: Loadable, path: Path) -> None:
    """Copy the tensors of a safetensors file into a module.

    Floats are cast to the module's own float type, so a file in half precision or in int8 loads
    into a float32 module. Everything is checked before the first tensor is copied: a module that
    cannot take the file stays as it was.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsFormatError: it is no safetensors file, or a tensor is missing, unexpected, of
            another shape or type, or without its scales; the text names the first few of each.
        WeightsIntegrityError: a tensor holds a value that is not finite in the module's type.
    """
    targets = module.state_dict()
    tensors = read_tensors(path)
    _require_fit(tensors, targets, path)
    state = {name: tensors[name].to(target.dtype) for name, target in targets.items()}
    broken = [
        name for name, tensor in state.items() if not tensor.sum(dtype=torch.float64).isfinite()
    ]
    if broken:
        raise WeightsIntegrityError(f"{path}: not finite are {join_names(broken)}.")
    module.load_state_dict(state)


def save_tensors(module: Loadable, path: Path, info: WeightsHeader) -> None:
    """Write all tensors of a module, in the types they have, as one safetensors file.

    The file appears whole or not at all, and its bytes depend on the tensors and on ``info`` only.

    Raises:
        OutputError: the file cannot be written.
    """
    _write(path, module.state_dict(), info)


def save_int8(module: Loadable, path: Path, info: WeightsHeader) -> WeightsHeader:
    """Write a module in a quarter of the space, its weights rounded to int8; see `rounded`.

    The file appears whole or not at all. On one machine its bytes depend on the tensors and on
    ``info`` only; on another the fingerprint may differ in its last digits.

    Args:
        module: what to write; it stays as it is.
        path: where to.
        info: what the file says about itself, with any fingerprint or none.

    Returns:
        What was written: ``info`` with the fingerprint of the rounded module.

    Raises:
        NotFiniteError: a tensor holds NaN or infinity.
        OutputError: the file cannot be written.
    """
    written = replace(info, fingerprint=module_fingerprint(rounded(module)))
    _write(path, pack(module), written)
    return written


def _write(path: Path, tensors: Mapping[str, Tensor], info: WeightsHeader) -> None:
    # Copies, as safetensors refuses tensors that share memory or lie in another order.
    copies = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    with writing(path):
        replace_file(path, save(copies, info.metadata()))


def _require_fit(tensors: Mapping[str, Tensor], targets: Mapping[str, Tensor], path: Path) -> None:
    """Compare names, shapes and types, and list every kind of difference in one message."""
    missing = [name for name in targets if name not in tensors]
    unexpected = [name for name in tensors if name not in targets]
    unequal = [
        f"{name} ({describe_tensor(tensor)} in the file, {describe_tensor(targets[name])} in the model)"
        for name, tensor in tensors.items()
        if name in targets and not tensors_match(tensor, targets[name])
    ]
    kinds = {"missing": missing, "unexpected": unexpected, "of another shape or type": unequal}
    found = [f"{len(names)} {kind}: {join_names(names)}" for kind, names in kinds.items() if names]
    if found:
        raise WeightsFormatError(
            f"{path}: its tensors do not fit the model. " + ". ".join(found) + ". "
            "Build the model with the architecture and arguments that the file was made with."
        )
