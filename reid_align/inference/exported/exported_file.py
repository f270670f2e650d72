"""Base class of exported files: metadata and verification."""

import hashlib
from abc import ABC, abstractmethod
from importlib import import_module
from pathlib import Path
from types import ModuleType

from reid_align.errors import MissingExtraError, WeightsFormatError, WeightsIntegrityError
from reid_align.inference.backends.backend import Backend, BackendTarget
from reid_align.inference.exported.export_record import ExportRecord, parse_record

# Names in the graph. The features have length 1; the raw ones are as the encoder returns them.
INPUT, FEATURES, RAW_FEATURES = "images", "features", "raw_features"


class ExportedFile(ABC):
    """An exported file and its runtime.

    Args:
        path: the file.

    Attributes:
        path: the file.
        content: the bytes that the record's hash covers, and possibly more at the end.

    Raises:
        MissingExtraError: the runtime is not installed.
    """

    runtime: str
    product: str
    package: str

    def __init__(self, path: Path) -> None:
        self.path = path
        self._module = _import(self.package, self.runtime, path)
        self.content = self._read()

    @abstractmethod
    def _read(self) -> bytes:
        """Return the content."""

    @abstractmethod
    def _metadata(self) -> str | None:
        """Return the stored record."""

    @abstractmethod
    def open(self, target: BackendTarget, output: str = RAW_FEATURES) -> Backend:
        """Return a backend from images (N, 3, H, W) uint8 to one of the outputs (N, D)."""

    def record(self) -> ExportRecord:
        """Read the metadata and verify the content.

        Raises:
            WeightsFormatError: the file cannot be read, or has no metadata of this library.
            WeightsIntegrityError: the file was damaged or edited.
        """
        record = parse_record(self._metadata(), self.path)
        covered = self.content[: record.content_bytes]
        if hashlib.sha256(covered).hexdigest() != record.content_sha256:
            raise WeightsIntegrityError(
                f"{self.path} is not the file that was exported: its content has another SHA-256. "
                "It was damaged or edited. Copy or export it again."
            )
        return record

    def _unreadable(self, error: Exception) -> WeightsFormatError:
        # OpenVINO's last line has the reason.
        reason = (str(error).strip().splitlines() or ["no message"])[-1]
        return WeightsFormatError(
            f"{self.path} cannot be opened by {self.product} ({reason.rstrip('.')}). It may be "
            "incomplete: copy or export it again."
        )


def _import(package: str, extra: str, path: Path) -> ModuleType:
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtraError(package, extra, f"Running {path}") from error
