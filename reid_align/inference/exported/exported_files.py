"""Reading and running exported files: ``.onnx`` in ONNX Runtime and ``.xml`` in OpenVINO."""

import hashlib
from abc import ABC, abstractmethod
from importlib import import_module
from pathlib import Path
from threading import local
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reid_align.errors import MissingExtraError, WeightsFormatError, WeightsIntegrityError
from reid_align.inference.backends.backend import Backend, BackendTarget
from reid_align.inference.exported.export_record import METADATA_KEY, ExportRecord, parse_record

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


class OnnxFile(ExportedFile):
    """A ``.onnx`` file, run by ONNX Runtime on the CPU."""

    runtime, product, package = "onnx", "ONNX Runtime", "onnxruntime"

    def _read(self) -> bytes:
        return self.path.read_bytes()

    def _metadata(self) -> str | None:
        options = self._module.SessionOptions()
        options.graph_optimization_level = self._module.GraphOptimizationLevel.ORT_DISABLE_ALL
        found: str | None = (
            self._session(options).get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        )
        return found

    def open(self, target: BackendTarget, output: str = RAW_FEATURES) -> Backend:
        """Open a session; several threads may use it."""
        options = self._module.SessionOptions()
        options.intra_op_num_threads = target.threads
        options.inter_op_num_threads = 1
        session = self._session(options)

        def run(images: Tensor) -> Tensor:
            pixels = images.permute(0, 2, 3, 1).contiguous().numpy()
            [features] = session.run([output], {INPUT: pixels})
            return torch.from_numpy(features)

        return run

    def _session(self, options: Any) -> Any:  # noqa: ANN401 - the package has no types
        options.log_severity_level = 4
        try:
            # From memory: a file may not refer to other files.
            return self._module.InferenceSession(
                self.content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # The runtime's errors have no common class.
            raise self._unreadable(error) from error


class OpenVinoFile(ExportedFile):
    """A ``.xml`` file with its ``.bin``, run by OpenVINO on the CPU."""

    runtime, product, package = "openvino", "OpenVINO", "openvino"

    def _read(self) -> bytes:
        weights = self.path.with_suffix(".bin")
        if not weights.is_file():
            raise WeightsFormatError(f"{weights} is missing. {self.path} needs it next to it.")
        return weights.read_bytes()

    def _metadata(self) -> str | None:
        model = self._model(self._module.Core())
        if not model.has_rt_info([METADATA_KEY]):
            return None
        return str(model.get_rt_info([METADATA_KEY]).astype(str))

    def open(self, target: BackendTarget, output: str = RAW_FEATURES) -> Backend:
        """Compile the model with one stream per parallel call."""
        core = self._module.Core()
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": target.parallel_calls * target.threads,
            "NUM_STREAMS": target.parallel_calls,
        }
        compiled = core.compile_model(self._model(core), "CPU", settings)
        # See `openvino_runtime`: the first access from two threads at once deadlocks.
        _ = self._module.Tensor(np.zeros(1, np.float32)).data
        thread_state = local()

        def run(images: Tensor) -> Tensor:
            if not hasattr(thread_state, "request"):
                thread_state.request = compiled.create_infer_request()
            pixels = images.permute(0, 2, 3, 1).contiguous().numpy()
            found = thread_state.request.infer({0: pixels})
            return torch.from_numpy(found[output].copy())

        return run

    def _model(self, core: Any) -> Any:  # noqa: ANN401 - the package has no types
        try:
            return core.read_model(self.path, self.path.with_suffix(".bin"))
        except Exception as error:  # The runtime's errors have no common class.
            raise self._unreadable(error) from error


FILES: dict[str, type[ExportedFile]] = {".onnx": OnnxFile, ".xml": OpenVinoFile}


def _import(package: str, extra: str, path: Path) -> ModuleType:
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtraError(package, extra, f"Running {path}") from error
