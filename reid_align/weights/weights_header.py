"""Metadata header of a weights file, and opening of safetensors files."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import Protocol

from safetensors import SafetensorError, safe_open
from torch import Tensor

from reid_align.errors import InvalidInputError, WeightsFormatError, WeightsNotFoundError
from reid_align.preprocess import Preprocess
from reid_align.typed_reading import SCHEMA, parse_document, read_record
from reid_align.weights.manifest_records import Argument, require_arguments, require_fingerprint

METADATA_KEY = "reid_align"
PICKLE_SUFFIXES = (".pth", ".pt", ".bin", ".tar", ".pkl", ".ckpt")
PICKLE_STARTS = (b"PK", b"\x80\x02", b"\x80\x04")
PICKLE_ADVICE = (
    " Files from torch.save are pickles, which can run code from their author, so they are not "
    "loaded as weights. Convert a checkpoint of another library once: python -m reid_align.convert "
    "FILE -o FOLDER; in Python, reid_align.conversion.convert_checkpoint(FILE, FOLDER)."
)


class TensorFile(Protocol):
    """The methods of an open safetensors file that this module uses."""

    def keys(self) -> list[str]:
        """Return the names of the tensors."""

    def metadata(self) -> dict[str, str] | None:
        """Return the metadata, text by key."""

    def get_tensor(self, name: str) -> Tensor:
        """Return one tensor."""


# safe_open has no type annotations.
_open: Callable[..., AbstractContextManager[TensorFile]] = safe_open


@dataclass(frozen=True)
class WeightsHeader:
    """Metadata of a weights file; it makes the file usable without anything else.

    ``preprocess`` is None for a head. ``fingerprint`` is None if none was computed.

    Raises:
        InvalidInputError: a value is invalid; the message starts with the key.
    """

    architecture: str
    arch_args: Mapping[str, Argument] = field(hash=False)
    preprocess: Preprocess | None
    fingerprint: tuple[float, ...] | None
    training_data: str | None = None

    def __post_init__(self) -> None:
        require_arguments(self.arch_args)
        require_fingerprint(self.fingerprint)

    def metadata(self) -> dict[str, str]:
        """Return the header as safetensors metadata.

        It is a single entry, because safetensors does not keep the order of several.
        """
        return {METADATA_KEY: json.dumps({"schema": SCHEMA, **asdict(self)}, allow_nan=False)}


def read_header(path: str | PathLike[str]) -> WeightsHeader | None:
    """Read the header of a weights file; return None if it has none.

    Raises:
        WeightsNotFoundError: the file does not exist.
        WeightsFormatError: the file is not a safetensors file, or the header violates its schema.
    """
    with open_safetensors(Path(path)) as file:
        text = (file.metadata() or {}).get(METADATA_KEY)
    if text is None:
        return None
    try:
        return read_record(WeightsHeader, parse_document(text))
    except InvalidInputError as error:
        raise WeightsFormatError(f"{fspath(path)}: {METADATA_KEY} header: {error}.") from error


@contextmanager
def open_safetensors(path: Path) -> Iterator[TensorFile]:
    """Open a safetensors file, with errors that name the file.

    Raises:
        WeightsNotFoundError: the file does not exist.
        WeightsFormatError: the path is a folder, a pickle, or not a valid safetensors file.
    """
    try:
        with _open(path, framework="pt") as file:
            yield file
    except FileNotFoundError as error:
        raise WeightsNotFoundError(f"{path}: no such file.") from error
    except OSError as error:
        reason = "it is a folder" if path.is_dir() else str(error)
        raise WeightsFormatError(f"{path} cannot be opened ({reason}).") from error
    except SafetensorError as error:
        advice = PICKLE_ADVICE if _looks_pickled(path) else ""
        raise WeightsFormatError(f"{path} is not a safetensors file ({error}).{advice}") from error


def _looks_pickled(path: Path) -> bool:
    """Detect files from torch.save: zip archives since torch 1.6, pickles before."""
    with path.open("rb") as file:
        return path.suffix in PICKLE_SUFFIXES or file.read(2) in PICKLE_STARTS
