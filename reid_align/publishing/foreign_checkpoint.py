"""The one place that opens what torch.save wrote: tensors, numbers and text, and never any code."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile, ZipFile, is_zipfile

import torch

from reid_align.errors import WeightsFormatError, WeightsNotFoundError

SIZE_LIMIT = 512 * 2**20
NUMPY_NUMBERS = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.dtype")
# What torch allows a pickle to ask for: a callable, and the name it goes by in the file.
Allowed = Callable[..., object] | tuple[Callable[..., object], str]
FOREIGN = re.compile(r"GLOBAL ([\w.]+)")


class _Number:
    """Stands in for numpy's numbers, so that none of numpy's code runs on a stranger's bytes."""

    def __init__(self, *parts: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def read_checkpoint(path: Path) -> dict[object, object]:
    """Read a dictionary that torch.save wrote, in its zip form or in the one before torch 1.6.

    Numbers of numpy are read, but not their values. Tensors come to the CPU.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsFormatError: it is a folder, larger than 512 MiB (packed or unpacked), damaged, or
            holds anything but tensors, numbers and text, such as a whole module.
    """
    try:
        _check_size(path)
        content = _load(path)
    except FileNotFoundError as error:
        raise WeightsNotFoundError(f"{path}: there is no such file.") from error
    except (OSError, BadZipFile) as error:
        reason = "it is a folder" if path.is_dir() else str(error)
        raise WeightsFormatError(f"{path}: it cannot be opened ({reason}).") from error
    if not isinstance(content, dict):
        raise WeightsFormatError(
            f"{path}: it holds a {type(content).__name__}, not the dictionary of a checkpoint."
        )
    return content


def _check_size(path: Path) -> None:
    """Refuse a file that is too large, also one that only becomes so when it is unpacked."""
    size = path.stat().st_size
    if is_zipfile(path):
        with ZipFile(path) as archive:
            size = max(size, sum(entry.file_size for entry in archive.infolist()))
    if size > SIZE_LIMIT:
        raise WeightsFormatError(
            f"{path}: it holds {size} bytes, and checkpoints of up to {SIZE_LIMIT} are converted."
        )


def _load(path: Path) -> object:
    numbers: list[Allowed] = [(_Number, name) for name in NUMPY_NUMBERS]
    with (
        path.open("rb") as file,
        torch.serialization.safe_globals(numbers),
        warnings.catch_warnings(),
    ):
        # torch warns of unusual files before it refuses them.
        warnings.simplefilter("ignore")
        try:
            return torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # a made-up pickle can make the reader raise anything
            raise WeightsFormatError(f"{path}: {_explain(error)}") from error


def _explain(error: Exception) -> str:
    """Say what is wrong; torch's own text advises to open the file without protection."""
    if foreign := FOREIGN.search(str(error)):
        return (
            f"this checkpoint asks for {foreign[1]}, and opening it in full could run whatever "
            "code its author put in. Only tensors, numbers and text are read here. A whole pickled "
            "module, as the released SAN-PG file is, cannot be converted: save its state_dict() "
            "instead, where its code is at hand and trusted."
        )
    return (
        "this is no checkpoint that torch.save wrote, or a damaged one "
        f"({type(error).__name__}). Get the file again."
    )
