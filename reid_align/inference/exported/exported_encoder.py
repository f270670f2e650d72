"""Encoder that runs an exported file instead of a PyTorch network."""

from os import PathLike, fspath
from pathlib import Path
from typing import NoReturn

import torch
from torch import Tensor

from reid_align.errors import InvalidInputError, UnsupportedComputeError, WeightsNotFoundError
from reid_align.inference.backends.backend import Backend, BackendTarget
from reid_align.inference.exported.export_record import ExportRecord
from reid_align.inference.exported.exported_file import ExportedFile
from reid_align.inference.exported.exported_onnx import OnnxFile
from reid_align.inference.exported.exported_openvino import OpenVinoFile
from reid_align.models.encoder import Encoder
from reid_align.weights import Origin

# Classes by suffix.
FILES: dict[str, type[ExportedFile]] = {".onnx": OnnxFile, ".xml": OpenVinoFile}
PT2 = ".pt2"


def is_exported(name: str) -> bool:
    """Return whether a name is that of an exported file, by its suffix."""
    return Path(name).suffix.lower() in (*FILES, PT2)


def open_exported(path: str | PathLike[str]) -> "ExportedEncoder":
    """Open an exported file as an encoder for `extract_features` and `FeatureExtractor`.

    It has no layers, so it can only compute features: it cannot be trained, adapted or explained
    by its maps. It runs on the CPU.

    Args:
        path: a ``.onnx`` file, or a ``.xml`` file with its ``.bin``, from `export_encoder`.

    Raises:
        InvalidInputError: the file is of another kind.
        WeightsNotFoundError: the file does not exist.
        WeightsError: the file is damaged or is not from this library.
        MissingExtraError: the runtime is not installed.
    """
    file = Path(path)
    if file.suffix.lower() == PT2:
        raise InvalidInputError(
            f"{file}: a .pt2 file can contain a pickle, which can run code when it is opened. Open "
            "your own files with torch.export.load, or export to .onnx or .xml instead."
        )
    if file.suffix.lower() not in FILES:
        raise InvalidInputError(f"{file}: the suffix must be one of {', '.join(FILES)}.")
    if not file.is_file():
        raise WeightsNotFoundError(f"{file}: no such file.")
    return ExportedEncoder(fspath(path), FILES[file.suffix.lower()](file).record())


class ExportedEncoder(Encoder):
    """Encoder in an exported file; see `open_exported`.

    Args:
        path: the file.
        record: its metadata.

    Attributes:
        record: the metadata.
    """

    def __init__(self, path: str, record: ExportRecord) -> None:
        super().__init__()
        self.record = record
        self.architecture, self.arch_args = record.model, record.arch_args
        self.feature_dim, self.channels = record.feature_dim, ()
        self.preprocess = record.preprocess
        self.origin = Origin(path, sha256=record.content_sha256, adapted=record.weights.adapted)
        self.eval()

    def open(self, target: BackendTarget, backend: str) -> Backend:
        """Open the file in its runtime.

        Args:
            target: the device must be the CPU and the dtype float32.
            backend: "torch", which stands for the default here, or the runtime of the file.

        Raises:
            UnsupportedComputeError: another device, dtype or backend.
            WeightsError: the file has changed since it was opened.
        """
        file = FILES[Path(self.origin.name).suffix.lower()](Path(self.origin.name))
        wrong = [
            f"device {target.device}" * (target.device.type != "cpu"),
            f"dtype {target.dtype}".replace("torch.", "") * (target.dtype != torch.float32),
            f"backend {backend}" * (backend not in ("torch", file.runtime)),
        ]
        if found := ", ".join(filter(None, wrong)):
            raise UnsupportedComputeError(
                f"{self.origin.name} runs in {file.product} on the CPU, and its number format "
                f"({self.record.precision}) is fixed. Not possible: {found}."
            )
        if file.record() != self.record:
            raise InvalidInputError(f"{file.path} has changed since it was opened. Open it again.")
        return file.open(target)

    @property
    def imagenet_model(self) -> str:
        """Not available."""
        self._refuse()

    def forward(self, images: Tensor) -> Tensor:
        """Not available: `extract_features` and `FeatureExtractor` run the file."""
        self._refuse()

    def forward_maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Not available."""
        self._refuse()

    def forward_pool(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Not available."""
        self._refuse()

    def forward_head(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Not available."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise InvalidInputError(
            f"{self.origin.name} is an exported model: it computes features of whole images and "
            "has no layers. For everything else use the weights it was exported from, "
            f"{self.record.weights.name}."
        )
