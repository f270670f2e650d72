"""Safe reading of checkpoints from torch.save: tensors, numbers and text, no code."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import torch

from reid_align.errors import WeightsFormatError, WeightsNotFoundError

SIZE_LIMIT = 512 * 2**20
NUMPY_NUMBERS = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.dtype")
# A callable that a pickle may refer to, with the name it has in the file.
Allowed = Callable[..., object] | tuple[Callable[..., object], str]
FOREIGN = re.compile(r"GLOBAL ([\w.]+)")


class _Number:
    """Placeholder for numpy scalars, so that no numpy code runs on untrusted bytes."""

    def __init__(self, *parts: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def read_checkpoint(path: Path) -> dict[object, object]:
    """Read a dictionary written by torch.save, in the zip format or the one before torch 1.6.

    The values of numpy scalars are dropped. Tensors are on the CPU.

    Raises:
        WeightsNotFoundError: the file does not exist.
        WeightsFormatError: the path is a folder; or the file is larger than 512 MiB (packed or
            unpacked), damaged, or contains more than tensors, numbers and text, such as a module.
    """
    try:
        _check_size(path)
        content = _load(path)
    except FileNotFoundError as error:
        raise WeightsNotFoundError(f"{path}: no such file.") from error
    except OSError as error:
        reason = "it is a folder" if path.is_dir() else str(error)
        raise WeightsFormatError(f"{path} cannot be opened ({reason}).") from error
    if not isinstance(content, dict):
        raise WeightsFormatError(
            f"{path} contains a {type(content).__name__}, not the dictionary of a checkpoint."
        )
    return content


def _check_size(path: Path) -> None:
    """Refuse a file that is too large, packed or unpacked."""
    size = path.stat().st_size
    if is_zipfile(path):
        try:
            with ZipFile(path) as archive:
                size = max(size, sum(entry.file_size for entry in archive.infolist()))
        except OSError:
            raise
        except Exception as error:  # a crafted archive can raise anything
            raise WeightsFormatError(f"{path}: {_explain(error)}") from error
    if size > SIZE_LIMIT:
        raise WeightsFormatError(
            f"{path} has {size} bytes; the limit for checkpoints is {SIZE_LIMIT}."
        )


def _load(path: Path) -> object:
    numbers: list[Allowed] = [(_Number, name) for name in NUMPY_NUMBERS]
    with (
        path.open("rb") as file,
        torch.serialization.safe_globals(numbers),
        warnings.catch_warnings(),
    ):
        # torch warns about unusual files before it refuses them.
        warnings.simplefilter("ignore")
        try:
            return torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # a crafted pickle can raise anything
            raise WeightsFormatError(f"{path}: {_explain(error)}") from error


def _explain(error: Exception) -> str:
    """Return the reason; torch's message would advise to load the file unprotected."""
    if foreign := FOREIGN.search(str(error)):
        return (
            f"the checkpoint refers to {foreign[1]}, and loading it could run code from its "
            "author. Only tensors, numbers and text are read. A pickled module, such as the "
            "released SAN-PG file, cannot be converted: where you trust its code, load it and save "
            "its state_dict()."
        )
    return (
        f"not a checkpoint from torch.save, or damaged ({type(error).__name__}). "
        "Get the file again."
    )
