"""What a weights file says about itself, and the one way such a file is opened."""

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
    " Checkpoints that torch.save wrote are pickles, and opening one can run whatever code its "
    "author put in, so they are never opened here. Load it yourself with torch.load(file, "
    "weights_only=True), give the tensors to encoder.load_state_dict(), and write the encoder with "
    "reid_align.save_pretrained(encoder, folder)."
)


class TensorFile(Protocol):
    """The part of an open safetensors file that is used here."""

    def keys(self) -> list[str]:
        """Return the names of the tensors."""

    def metadata(self) -> dict[str, str] | None:
        """Return the free text beside the tensors."""

    def get_tensor(self, name: str) -> Tensor:
        """Return one tensor."""


# The package leaves its own annotation empty.
_open: Callable[..., AbstractContextManager[TensorFile]] = safe_open


@dataclass(frozen=True)
class WeightsHeader:
    """What a file of ours carries beside its tensors, so that the file alone can be used.

    ``preprocess`` is None for a head, ``fingerprint`` None where nobody took one.

    Raises:
        InvalidInputError: a value is not allowed; the text names the key.
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
        """Return the metadata of a safetensors file that says all this.

        It is a single entry, because safetensors keeps several in no fixed order.
        """
        return {METADATA_KEY: json.dumps({"schema": SCHEMA, **asdict(self)}, allow_nan=False)}


def read_header(path: str | PathLike[str]) -> WeightsHeader | None:
    """Read what a weights file says about itself, or None where it says nothing to us.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsFormatError: it is no safetensors file, or our entry in it breaks its schema.
    """
    with open_safetensors(Path(path)) as file:
        text = (file.metadata() or {}).get(METADATA_KEY)
    if text is None:
        return None
    try:
        return read_record(WeightsHeader, parse_document(text))
    except InvalidInputError as error:
        raise WeightsFormatError(f"{fspath(path)}: its {METADATA_KEY} header: {error}.") from error


@contextmanager
def open_safetensors(path: Path) -> Iterator[TensorFile]:
    """Open a safetensors file; what is wrong with it becomes an error that names it.

    Raises:
        WeightsNotFoundError: there is no such file.
        WeightsFormatError: it is a folder, a pickle, truncated or made up.
    """
    try:
        with _open(path, framework="pt") as file:
            yield file
    except FileNotFoundError as error:
        raise WeightsNotFoundError(f"{path}: there is no such file.") from error
    except OSError as error:
        reason = "it is a folder" if path.is_dir() else str(error)
        raise WeightsFormatError(f"{path}: it cannot be opened ({reason}).") from error
    except SafetensorError as error:
        advice = PICKLE_ADVICE if _looks_pickled(path) else ""
        raise WeightsFormatError(
            f"{path}: this is no safetensors file ({error}).{advice}"
        ) from error


def _looks_pickled(path: Path) -> bool:
    """Tell what torch.save wrote, a zip since torch 1.6 and a pickle before, from other rubbish."""
    with path.open("rb") as file:
        return path.suffix in PICKLE_SUFFIXES or file.read(2) in PICKLE_STARTS
